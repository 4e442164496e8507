"""Reads one stage's table of `webapp.toml`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.cli.text_files.toml_file import known_key
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.existing_resources import ExistingResources, read_existing
from django_runtimes.deploy.own_settings import OwnSettings, read_own_settings
from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS, Schedule, read_schedules

STAGE_KEYS = (
    "target",
    "account",
    "production",
    "parameters",
    "environment",
    "secrets",
    "schedules",
    "network",
    "database",
)
# These names leave no doubt; a stage of any other name says whether it is production.
PRODUCTION_STAGE = "production"
OTHER_STAGES = (
    "demo",
    "dev",
    "develop",
    "development",
    "hml",
    "homolog",
    "preview",
    "qa",
    "sandbox",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "uat",
)
# Usual names of production, which are not enough to decide, but tell that a question is not needed.
_USUAL_PRODUCTION = (PRODUCTION_STAGE, "prod", "prd", "live")
LONGEST_STAGE = 20
# The templates have the same rule for their parameter Stage. With a hyphen, `shop-qa`, `dev` and `shop`, `qa-dev` would
# have the same names in AWS.
_STAGE = re.compile(rf"(?=.{{1,{LONGEST_STAGE}}}$)[a-z][a-z0-9]*")
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True)
class StageSettings:
    """The table of one stage; `parameters` is kept as written, and `account` is None for any account."""

    target: DeployTarget
    production: bool
    account: str | None
    parameters: Mapping[str, Any]
    existing: ExistingResources
    own: OwnSettings = field(default_factory=OwnSettings)
    schedules: tuple[Schedule, ...] = (CLEAR_SESSIONS,)


def read_stage(name: str, table: Mapping[str, Any], *, account: str | None, region: str) -> StageSettings:
    """Validate a stage's table; `account` and `region` are the file's own. Raise UsageError for any mistake."""
    place = f"[stages.{name}]"
    if not _STAGE.fullmatch(name):
        raise UsageError(
            f"{place} is not a valid name of a stage; use up to {LONGEST_STAGE} lowercase letters and digits, starting "
            "with a letter"
        )
    refuse_unknown_keys(table, STAGE_KEYS, place)
    return StageSettings(
        target=checked_target(table.get("target"), f"{place} target"),
        production=_production(name, table.get("production")),
        account=checked_account(table["account"], f"{place} account") if "account" in table else account,
        parameters=table_in(table, "parameters", place),
        own=read_own_settings(
            table_in(table, "environment", place), table_in(table, "secrets", place), stage=name, region=region
        ),
        schedules=read_schedules(name, table_in(table, "schedules", place)),
        existing=read_existing(
            name, *(table_in(table, key, place) if key in table else None for key in ("network", "database"))
        ),
    )


def production_key(name: str) -> dict[str, bool]:
    """Return the key `production` that the table of a new stage needs; it protects a stage of an unknown name."""
    return {} if name == PRODUCTION_STAGE or name in OTHER_STAGES else {"production": True}


def is_known_stage(name: str) -> bool:
    """Return whether people would know from the name if the stage is production."""
    return name in _USUAL_PRODUCTION or name in OTHER_STAGES


def checked_target(text: object, name: str) -> DeployTarget:
    """Return the target with this name."""
    if text in list(DeployTarget):
        return DeployTarget(str(text))
    raise UsageError(f"{name} {text!r} is not a target; choose from {', '.join(DeployTarget)}")


def checked_account(text: object, name: str) -> str:
    """Validate an account's number."""
    if isinstance(text, str) and _ACCOUNT.fullmatch(text):
        return text
    raise UsageError(f'{name} = {text!r} is not an account; write its 12 digits in quotes, such as "123456789012"')


def refuse_unknown_keys(table: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    """Raise UsageError for a key that is not in `known`."""
    for name in table.keys() - set(known):
        raise UsageError(f"{place} has no key '{name}'; {known_key(name, known)}")


def table_in(content: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any]:
    """Return a table of the file, or an empty one; raise UsageError if it is another value."""
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"{place}: {name} = {value!r} is not a table; write it as [{name}]")
    return value


def _production(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value is not None:
        raise UsageError(f"[stages.{name}] production = {value!r} is neither true nor false")
    if name != PRODUCTION_STAGE and name not in OTHER_STAGES:
        raise UsageError(
            f"[stages.{name}] does not say whether it is production; add production = true (a protected database with "
            "a standby and 14 days of backups) or production = false"
        )
    return name == PRODUCTION_STAGE
