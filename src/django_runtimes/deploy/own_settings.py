"""Reads a stage's own variables and secrets, the tables `environment` and `secrets` of webapp.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.cli.project.passed_variables import complaint_about
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.variables.database.database_address import DB_ENGINE
from django_runtimes.config.variables.secret_references import SecretReference, parse_secret_reference
from django_runtimes.config.variables.table import PREFIX, VARIABLES
from django_runtimes.config.variables.variable import RuleError

# Lambda, which runs the management commands of every target, accepts only these names.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
# App Runner reserves the first. ECS sets the others in each container, such as the address of the role's credentials.
PLATFORM_PREFIXES = ("AWSAPPRUNNER", "AWS_CONTAINER_", "ECS_CONTAINER_")
# A project may have settings for each stage; the other names that the tools set describe the image or the database.
SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE"
# CloudFormation replaces such a text, wherever it stands, and nothing can quote it.
_DYNAMIC_REFERENCE = "{{resolve:"
# XML, in which CloudFormation returns templates, has no other control characters.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LIBRARY = {variable.name: variable for variable in VARIABLES}
# The values of the parameter DatabaseSystem that have the engine, and the page about it.
_SYSTEMS = {
    Engine.MYSQL: ("'mariadb' or 'mysql'", "mysql"),
    Engine.ORACLE: ("'oracle-se2'", "oracle-sql-server"),
    Engine.MSSQL: ("'sqlserver-web' or 'sqlserver-se'", "oracle-sql-server"),
}


@dataclass(frozen=True)
class OwnSettings:
    """The variables of a stage that the project itself reads: plain values, and references to secrets."""

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, variables first."""
        return (*self.environment, *self.secrets)


def read_own_settings(
    environment: Mapping[str, Any], secrets: Mapping[str, Any], *, stage: str, region: str
) -> OwnSettings:
    """Return the content of a stage's two tables; raise UsageError for a name or value that AWS cannot hold."""
    for name, value in environment.items():
        place = f"[stages.{stage}.environment]"
        refuse_reserved(name, place)
        _check_value(name, value, place=place, stage=stage)
    references = {}
    for name, value in secrets.items():
        place = f"[stages.{stage}.secrets]"
        refuse_reserved(name, place)
        references[name] = _reference(name, value, place=place, region=region)
    if both := sorted(environment.keys() & secrets.keys()):
        raise UsageError(
            f"{both[0]} is in [stages.{stage}.environment] and in [stages.{stage}.secrets]; remove it from one of them"
        )
    return OwnSettings(dict(environment), references)


def refuse_reserved(name: str, place: str) -> None:
    """Raise UsageError for a name that cannot be a variable, or belongs to AWS, the tools or the library."""
    if prefix := next((prefix for prefix in PLATFORM_PREFIXES if name.startswith(prefix)), None):
        raise UsageError(
            f"{place} {name}: names that begin with {prefix} belong to AWS's platforms; "
            "let the settings read the value from a variable with another name"
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{place} {name!r} is not a name that Lambda accepts; use two or more letters, digits and underscores, "
            "starting with a letter"
        )
    if name.startswith(PREFIX):
        if name not in _LIBRARY:
            raise UsageError(f"{place} {name}: the library has no such variable; `webapp docs settings` lists them")
    elif name != SETTINGS_MODULE and (complaint := complaint_about(name)):
        raise UsageError(f"{place} {name} {complaint}")


def _check_value(name: str, value: object, *, place: str, stage: str) -> None:
    if not isinstance(value, str):
        raise UsageError(
            f"{place} {name} = {_toml(value)} is not a string; write it in quotes, as the settings read it"
        )
    if found := _FORBIDDEN.search(value):
        raise UsageError(
            f"{place} {name} contains the character {found[0]!r}, which CloudFormation does not accept; "
            f"encode the value, or store it as a secret in [stages.{stage}.secrets]"
        )
    if _DYNAMIC_REFERENCE in value:
        raise UsageError(
            f"{place} {name} contains {_DYNAMIC_REFERENCE!r}, which CloudFormation would replace, in the open; "
            f"write the secret's ARN or the parameter's name in [stages.{stage}.secrets]"
        )
    if name in _LIBRARY and value:
        if _LIBRARY[name].is_secret:
            raise UsageError(
                f"{place} {name} is a secret; run `webapp secrets set {name} --stage {stage}`, and remove it here"
            )
        try:
            parsed = _LIBRARY[name].parse(value)
        except ConfigurationError as error:
            raise UsageError(f"{place} {error}") from None
        if name == DB_ENGINE.name and parsed is Engine.DSQL:
            raise UsageError(
                f"{place} {name} = {value!r}: no template has this database; remove it here, and deploy the "
                "application with templates of your own"
            )
        if name == DB_ENGINE.name and parsed in _SYSTEMS:
            systems, page = _SYSTEMS[parsed]
            raise UsageError(
                f"{place} {name} = {value!r}: DatabaseSystem of the stage sets it; remove it here, and write "
                f"DatabaseSystem = {systems} in [stages.{stage}.parameters] (`webapp docs {page}`)"
            )


def _reference(name: str, value: object, *, place: str, region: str) -> SecretReference:
    if not isinstance(value, str):
        raise UsageError(f"{place} {name} = {_toml(value)} is not a string; write an ARN or a name in quotes")
    try:
        reference = parse_secret_reference(value)
    except RuleError as error:
        # The value is not shown: somebody may have written the secret itself here.
        raise UsageError(f"{place} {name}: the value {error.rule}; {error.remedy}") from None
    if reference.region and reference.region != region:
        raise UsageError(
            f"{place} {name} is a secret in {reference.region}, but the stage is in {region}; "
            f"`webapp secrets set {name}` stores one there"
        )
    return reference


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
