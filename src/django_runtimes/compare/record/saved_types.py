"""Checks that JSON has the structure and the types of a dataclass."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}
# No figure of a run comes near this number, and arithmetic with larger ones can overflow.
_MOST = 1e12
_SHOWN = 60


def json_mismatches(value: object, kind: Any, place: str = "") -> Iterator[str]:
    """Yield a text such as "targets[0].name is 5, not a text" for each part of some JSON that `kind` does not allow.

    `kind` is a dataclass or another annotation. A dataclass with `ALLOWS_OTHER_KEYS` may have further keys.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        # Each union is a type or None.
        if value is not None:
            (other,) = (each for each in arguments if each is not NoneType)
            yield from json_mismatches(value, other, place)
    elif origin is Literal:
        if value not in arguments:
            yield f"{place} is {_shown(value)}, not one of: {', '.join(arguments)}"
    elif is_dataclass(kind):
        yield from _of_fields(value, kind, place)
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        if value not in set(kind):
            yield f"{place} is {_shown(value)}, not one of: {', '.join(kind)}"
    elif origin is tuple:
        yield from _of_items(value, arguments, place)
    elif origin is Mapping:
        yield from _of_values(value, arguments[1], place)
    elif kind is Any:
        yield from _of_anything(value, place)
    elif not _has_type(value, kind):
        yield f"{place} is {_shown(value)}, not {_NAMES[kind]}"
    else:
        yield from _of_number(value, place)


def _of_fields(value: object, kind: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{place} is {_shown(value)}, not an object"
        return
    annotations = _annotations(kind)
    for field in fields(kind):
        inside = f"{place}.{field.name}" if place else field.name
        if field.name in value:
            yield from json_mismatches(value[field.name], annotations[field.name], inside)
        elif field.default is MISSING and field.default_factory is MISSING:
            yield f"{inside} is missing"
    for name in value:
        if name not in annotations:
            inside = f"{place}.{name}" if place else str(name)
            if getattr(kind, "ALLOWS_OTHER_KEYS", False):
                yield from _of_anything(value[name], inside)
            else:
                yield f"{inside} is unknown"


def _of_items(value: object, arguments: tuple[Any, ...], place: str) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{place} is {_shown(value)}, not a list"
        return
    if Ellipsis not in arguments and len(value) != len(arguments):
        yield f"{place} has {len(value)} items, not {len(arguments)}"
        return
    for index, item in enumerate(value):
        yield from json_mismatches(item, arguments[0], f"{place}[{index}]")


def _of_values(value: object, kind: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{place} is {_shown(value)}, not an object"
        return
    for key, item in value.items():
        yield from json_mismatches(item, kind, f"{place}.{key}")


def _of_anything(value: object, place: str) -> Iterator[str]:
    """Yield the numbers that are out of range, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _of_anything(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _of_anything(item, f"{place}[{index}]")
    else:
        yield from _of_number(value, place)


def _of_number(value: object, place: str) -> Iterator[str]:
    if isinstance(value, int | float) and not (abs(value) <= _MOST):
        yield f"{place} is {_shown(value)}, not within {_MOST:,.0f} of 0"


@cache
def _annotations(of: Any) -> dict[str, Any]:
    hints = get_type_hints(of)
    return {field.name: hints[field.name] for field in fields(of)}


def _has_type(value: object, wanted: Any) -> bool:
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and not _is_nan(value)
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
