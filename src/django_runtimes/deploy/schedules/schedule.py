"""Reads the schedules of a stage, the tables [stages.STAGE.schedules.NAME] of webapp.toml."""

import difflib
import json
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.cli.text_files.toml_file import known_key
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.schedules.cron_expression import cron_expression
from django_runtimes.deploy.schedules.rate_expression import rate_expression

_KEYS = ("command", "arguments", "cron", "rate", "timezone", "task", "enabled")
_NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_COMMAND = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_UTC = "UTC"
# ECS limits a task's overrides to 8,192 characters.
_LONGEST_COMMAND = 8000
_DYNAMIC_REFERENCE = "{{resolve:"


@dataclass(frozen=True)
class Schedule:
    """A management command and when it runs; `task` runs it as an ECS task instead of in the operations function."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()
    expression: str = ""
    timezone: str = _UTC
    task: bool = False
    enabled: bool = True

    @property
    def words(self) -> list[str]:
        """The command line."""
        return [self.command, *self.arguments]


# Only this command deletes expired sessions from the database, so a stage has it unless its file says otherwise.
CLEAR_SESSIONS = Schedule("clearsessions", "clearsessions", expression="cron(0 3 * * ? *)")


def read_schedules(stage: str, tables: Mapping[str, Any]) -> tuple[Schedule, ...]:
    """Return a stage's schedules, with `clearsessions` even if the file lacks it; raise UsageError for a mistake."""
    read = {name: _read_schedule(f"[stages.{stage}.schedules.{name}]", name, table) for name, table in tables.items()}
    return tuple({CLEAR_SESSIONS.name: CLEAR_SESSIONS, **read}.values())


def _read_schedule(place: str, name: str, table: object) -> Schedule:
    if not isinstance(table, dict):
        raise UsageError(f"{place} = {table!r} is not a table; write its command and its cron or rate as keys of one")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{place} is not a valid name; use up to 40 lowercase letters, digits and single hyphens, each part "
            "starting with a letter"
        )
    for key in table.keys() - set(_KEYS):
        raise UsageError(f"{place} has no key '{key}'; {known_key(key, _KEYS)}")
    default = CLEAR_SESSIONS if name == CLEAR_SESSIONS.name else Schedule(name, "")
    schedule = Schedule(
        name=name,
        command=_command(place, table.get("command", default.command)),
        arguments=_arguments(place, table.get("arguments", [])),
        expression=_expression(place, table, default.expression),
        timezone=_timezone(place, table),
        task=_flag(place, table, "task", default=False),
        enabled=_flag(place, table, "enabled", default=True),
    )
    if len(json.dumps(schedule.words)) > _LONGEST_COMMAND:
        raise UsageError(
            f"{place}: the command with its arguments is longer than {_LONGEST_COMMAND} characters; shorten it"
        )
    return schedule


def _command(place: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f'{place} needs a management command; add command = "…"')
    if not _COMMAND.fullmatch(value):
        raise UsageError(
            f"{place} command = {value!r} is not the name of a management command; write the name alone, and the other "
            'words in arguments = ["…"]'
        )
    return value


def _arguments(place: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError(f'{place} arguments = {value!r} is not a list of strings; write it as ["--days", "30"]')
    for word in value:
        if "\0" in word or _DYNAMIC_REFERENCE in word:
            raise UsageError(
                f"{place} arguments: {word!r} contains a null character or {_DYNAMIC_REFERENCE!r}, which "
                "CloudFormation would replace; let the command read the value from a variable"
            )
    return tuple(value)


def _expression(place: str, table: Mapping[str, Any], default: str) -> str:
    given = [key for key in ("cron", "rate") if key in table]
    if not given and default:
        return default
    if len(given) != 1:
        raise UsageError(f"{place} needs either cron or rate; write cron = '0 3 * * ? *', or rate = '5 minutes'")
    (key,) = given
    value = table[key]
    if not isinstance(value, str):
        raise UsageError(f"{place} {key} = {value!r} is not a string; write it in quotes")
    try:
        return cron_expression(value) if key == "cron" else rate_expression(value)
    except ValueError as error:
        raise UsageError(f"{place} {key} = {value!r} {error}") from None


def _timezone(place: str, table: Mapping[str, Any]) -> str:
    value = table.get("timezone", _UTC)
    if "timezone" in table and "rate" in table:
        raise UsageError(f"{place} has a rate, for which timezone = {value!r} has no effect; remove it, or use cron")
    known = zoneinfo.available_timezones()
    # Some machines have no time zones; AWS checks the name there.
    if value == _UTC or (not known and isinstance(value, str)) or value in known:
        return str(value)
    nearest = difflib.get_close_matches(str(value), known, n=1)
    guess = f"did you mean '{nearest[0]}'?" if nearest else "write it as 'Europe/Berlin'"
    raise UsageError(f"{place} timezone = {value!r} is not a time zone of the IANA database; {guess}")


def _flag(place: str, table: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise UsageError(f"{place} {key} = {value!r} is neither true nor false")
    return value
