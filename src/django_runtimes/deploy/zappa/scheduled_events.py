"""Converts the `events` of Zappa: schedules of management commands, and remarks on everything else."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.deploy.schedules.cron_expression import cron_expression
from django_runtimes.deploy.schedules.rate_expression import rate_expression

_COMMAND = re.compile(r"(?:^|\.)management\.commands\.([A-Za-z0-9_]+)(?:\.|$)")
# A number may follow.
_LONGEST_NAME = 34
_CONVERTED = {"function", "expression", "expressions", "name", "enabled", "description"}


@dataclass(frozen=True)
class ConvertedEvents:
    """The tables for [stages.STAGE.schedules], and remarks on the events without one."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def convert_events(events: object, stage: str) -> ConvertedEvents:
    """Convert the list of a stage's events.

    Zappa calls functions, and webapp.toml schedules management commands. Only a function of a command's own module can
    be converted; a remark has the table to write for any other.
    """
    converted = ConvertedEvents()
    if not isinstance(events, list):
        converted.remarks.append(f"events = {events!r} is not a list of tables; correct it")
        return converted
    for event in events:
        if isinstance(event, Mapping):
            _convert(event, stage, converted)
        else:
            converted.remarks.append(f"events: {event!r} is not a table; correct it")
    return converted


def _convert(event: Mapping[str, Any], stage: str, converted: ConvertedEvents) -> None:
    function = str(event.get("function", "a function"))
    if source := event.get("event_source"):
        arn = source.get("arn", "an event source") if isinstance(source, Mapping) else source
        converted.remarks.append(
            f"events: {function} handles {arn}: give the function a handler of your own (webapp docs compose), and "
            "create the event source mapping or notification beside the templates"
        )
    for key in event.keys() - _CONVERTED - {"event_source"}:
        converted.remarks.append(
            f"events: {function}: {key} has no equivalent; pass what the command needs in arguments"
        )
    expressions = list(_expressions(event))
    if not expressions and not source:
        converted.remarks.append(f"events: {function} has neither an expression nor an event_source; add one")
    command = _COMMAND.search(function)
    for text in expressions:
        name = _unused_name(str(event.get("name") or function.rpartition(".")[2]), command, converted.schedules)
        try:
            when = _when(text)
        except ValueError as error:
            converted.remarks.append(f"events: {function}: expression = '{text}' {error}")
            continue
        disabled = {} if event.get("enabled", True) else {"enabled": False}
        if command:
            converted.schedules[name] = {"command": command[1], **when, **disabled}
            continue
        ((key, value),) = when.items()
        off = " and enabled = false" if disabled else ""
        converted.remarks.append(
            f"events: {function} at {text}: write a management command that calls it, and "
            f"[stages.{stage}.schedules.{name}] with command = its name and {key} = '{value}'{off}"
        )


def _expressions(event: Mapping[str, Any]) -> Iterator[str]:
    for key in ("expression", "expressions"):
        value = event.get(key) or []
        yield from map(str, value if isinstance(value, list) else [value])


def _when(text: str) -> dict[str, str]:
    if text.strip().startswith("rate("):
        return {"rate": rate_expression(text)[5:-1]}
    return {"cron": cron_expression(text)[5:-1]}


def _unused_name(name: str, command: re.Match[str] | None, taken: Mapping[str, Any]) -> str:
    """Return a name for the schedule that webapp.toml accepts and no other schedule has."""
    words = re.findall(r"[a-z][a-z0-9]*", (command[1] if command and name == "handle" else name).lower())
    text = "-".join(words)[:_LONGEST_NAME].rstrip("-") or "schedule"
    candidates = itertools.chain([text], (f"{text}-n{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)
