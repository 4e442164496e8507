"""Finds the parameters of a template that its stack uses, given their values."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.templates.long_form import long_form
from django_runtimes.deploy.templates.templates import Template

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def used_parameters(template: Template, values: Mapping[str, str]) -> frozenset[str]:
    """Return the parameters that a resource or an output uses, or that decide whether it exists.

    `values` are those of all parameters, by name. Both sides of a condition that only CloudFormation evaluates count.
    """
    found: set[str] = set()
    for section in ("Resources", "Outputs"):
        for part in (template.content.get(section) or {}).values():
            condition = part.get("Condition")
            if condition is not None:
                found.update(_of_condition(template, condition))
            if _holds(template, condition, values) is not False:
                body = {name: each for name, each in part.items() if name != "Condition"}
                found.update(_of_part(template, long_form(body), values))
    return frozenset(found & template.parameters.keys())


def _of_part(template: Template, part: Any, values: Mapping[str, str]) -> Iterator[str]:
    match part:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _PLACEHOLDER.findall(text)
        case {"Fn::Sub": [str(text), dict(parts)]}:
            yield from _PLACEHOLDER.findall(text)
            yield from _of_part(template, parts, values)
        case {"Fn::If": [str(condition), first, second]}:
            yield from _of_condition(template, condition)
            holds = _holds(template, condition, values)
            for side, is_taken in ((first, holds is not False), (second, holds is not True)):
                if is_taken:
                    yield from _of_part(template, side, values)
        case dict():
            for each in part.values():
                yield from _of_part(template, each, values)
        case list():
            for each in part:
                yield from _of_part(template, each, values)


def _of_condition(template: Template, condition: object) -> Iterator[str]:
    match long_form(condition):
        case str(name) | {"Condition": str(name)}:
            # An unnamed text is one of a comparison's values.
            conditions = template.content.get("Conditions") or {}
            if name in conditions:
                yield from _of_condition(template, conditions[name])
        case {"Ref": str(name)}:
            yield name
        case dict(parts):
            for each in parts.values():
                yield from _of_condition(template, each)
        case list(parts):
            for each in parts:
                yield from _of_condition(template, each)


def _holds(template: Template, condition: object, values: Mapping[str, str]) -> bool | None:
    try:
        return template.holds(condition, values)
    except ToolError:
        return None
