"""Checks that values read from JSON have the types of their dataclass."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}


def type_mismatches(value: object) -> Iterator[str]:
    """Yield a text such as "targets[0].name is 5, not a text" for each value in a dataclass that has another type."""
    return _fields(value, "")


def _fields(value: object, place: str) -> Iterator[str]:
    kind: Any = type(value)
    for name, annotation in _annotations(kind).items():
        yield from _mismatches(getattr(value, name), annotation, f"{place}.{name}" if place else name)


@cache
def _annotations(of: Any) -> dict[str, Any]:
    hints = get_type_hints(of)
    return {field.name: hints[field.name] for field in fields(of)}


def _mismatches(value: object, annotation: Any, place: str) -> Iterator[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        # Each union is a type or None.
        if value is not None:
            (other,) = (each for each in arguments if each is not NoneType)
            yield from _mismatches(value, other, place)
    elif origin is Literal:
        if value not in arguments:
            yield f"{place} is {value!r}, not one of: {', '.join(arguments)}"
    elif origin is tuple and isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _mismatches(item, arguments[0], f"{place}[{index}]")
    elif origin is Mapping and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _mismatches(item, arguments[1], f"{place}.{key}")
    elif is_dataclass(value) and annotation is type(value):
        yield from _fields(value, place)
    elif not _has_type(value, origin or annotation):
        yield f"{place} is {value!r:.60}, not {_NAMES.get(origin or annotation, 'an object')}"


def _has_type(value: object, wanted: Any) -> bool:
    if wanted is Any:
        return True
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
