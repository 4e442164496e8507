"""Converts the variables in Zappa's settings, except those that look like secrets."""

import re
from collections.abc import Mapping
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.table import PREFIX
from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS
from django_runtimes.deploy.own_settings import SETTINGS_MODULE, read_own_settings, refuse_reserved
from django_runtimes.deploy.zappa.secret_signs import looks_secret

VARIABLE_TABLES = ("environment_variables", "aws_environment_variables")
_DATABASE_URL = "DATABASE_URL"
_OF_DATABASE = re.compile(r"DATABASE_URL|(DB|DATABASE|POSTGRES|RDS)_\w+")


def convert_variables(settings: Mapping[str, Any], stage: str, region: str) -> tuple[dict[str, str], list[str]]:
    """Return the stage's table `environment`, and remarks on the variables that are not in it.

    A value that looks like a secret is in neither: webapp.toml and a terminal's history are no place for it.
    """
    variables: dict[str, str] = {}
    remarks: list[str] = []
    for table in VARIABLE_TABLES:
        given = settings.get(table, {})
        if not isinstance(given, Mapping):
            remarks.append(f"{table} is not a table of names and values; correct it")
            continue
        for name, value in given.items():
            if value is None:
                remarks.append(f"{table}: {name} has no value; add it to [stages.{stage}.environment] if it needs one")
            elif name == _DATABASE_URL:
                # A remark about the whole database follows.
                continue
            elif refusal := _name_refusal(str(name), stage):
                remarks.append(f"{table}: {refusal}")
            elif looks_secret(str(name), str(value)):
                remarks.append(
                    f"{table}: {name} looks like a secret: run `webapp secrets set {name} --stage {stage}`, which "
                    f"adds it to [stages.{stage}.secrets]"
                )
            elif refusal := _refusal(str(name), str(value), stage, region):
                remarks.append(f"{table}: {refusal}")
            else:
                variables[str(name)] = str(value)
    if variables:
        remarks.append(
            f"variables in [stages.{stage}.environment]: {', '.join(variables)}; if one is secret, remove it there and "
            "run `webapp secrets set`"
        )
    if names := _database_names(settings):
        remarks.append(
            f"{', '.join(names)}: the stage does not use this database: `webapp deploy` creates an empty one, unless "
            f"[stages.{stage}.database] names an existing one or a snapshot; `webapp docs deploy` describes both, and "
            "how to move data"
        )
    _add_settings_module(settings, stage, region, variables, remarks)
    return variables, remarks


def _add_settings_module(
    settings: Mapping[str, Any], stage: str, region: str, variables: dict[str, str], remarks: list[str]
) -> None:
    """Set DJANGO_SETTINGS_MODULE to the stage's `django_settings`, unless one of the variables sets it already."""
    module = settings.get("django_settings")
    if module is None or module == "":
        return
    if not isinstance(module, str):
        raise UsageError(f"django_settings = {module!r} is not a string; correct it, or remove it")
    if refusal := _refusal(SETTINGS_MODULE, module, stage, region):
        remarks.append(f"django_settings: {refusal}")
    elif variables.setdefault(SETTINGS_MODULE, module) != module:
        remarks.append(
            f"django_settings = '{module}' is not used, since a variable sets {SETTINGS_MODULE} = "
            f"'{variables[SETTINGS_MODULE]}'; correct it in [stages.{stage}.environment] if the other one is right"
        )


def _database_names(settings: Mapping[str, Any]) -> list[str]:
    """Return the names of the variables that probably are the database's address or login."""
    tables = [table for key in VARIABLE_TABLES if isinstance(table := settings.get(key), Mapping)]
    return list(dict.fromkeys(str(name) for table in tables for name in table if _OF_DATABASE.fullmatch(str(name))))


def _name_refusal(name: str, stage: str) -> str:
    """Return why the stage can have no variable or secret of this name, or an empty text."""
    place = f"[stages.{stage}.environment]"
    try:
        refuse_reserved(name, place)
        # The templates set no other names, and reading them takes a quarter of a second.
        if name.startswith(PREFIX):
            _refuse_set_by_library_templates(name, place, stage)
    except UsageError as error:
        return str(error)
    return ""


def _refuse_set_by_library_templates(name: str, place: str, stage: str) -> None:
    # `webapp init` converts settings without the packages of the extra `deploy` until a variable needs them.
    from django_runtimes.deploy.templates.reserved_names import refuse_set_by_templates
    from django_runtimes.deploy.templates.template_source import library_templates
    from django_runtimes.deploy.templates.templates import read_template

    templates = [read_template(library_templates(), stack) for stack in STACKS if stack.name in PROCESS_STACKS]
    refuse_set_by_templates(templates, [name], place=place, stage=stage)


def _refusal(name: str, value: str, stage: str, region: str) -> str:
    """Return why webapp.toml would refuse the variable, or an empty text."""
    try:
        read_own_settings({name: value}, {}, stage=stage, region=region)
    except UsageError as error:
        return str(error)
    return ""
