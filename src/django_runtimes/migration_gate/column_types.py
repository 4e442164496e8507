"""Compares a column's new type with its old one: the values that fit, and whether the table is rewritten."""

import re

_INTEGERS = ("smallint", "integer", "bigint")
# The last is MySQL's type of a TextField.
_TEXTS = ("varchar", "text", "longtext")
_TYPE = re.compile(r"(?P<name>[a-z ]+?)(?:\((?P<limits>\d+(?:, ?\d+)?)\))?")
# PostgreSQL ignores the declared length of an array.
_ARRAY = re.compile(r"(?:\[\d*\])+$")


def holds_all_of(former: str, present: str) -> bool:
    """Return whether `present` stores every value of `former` and returns it unchanged."""
    if former == present:
        return True
    if _is_array(former) or _is_array(present):
        return _elements_alike(former, present) and holds_all_of(_element(former), _element(present))
    (former_name, former_limits), (name, limits) = _parse(former), _parse(present)
    if former_name in _INTEGERS and name in _INTEGERS:
        return _INTEGERS.index(former_name) <= _INTEGERS.index(name)
    if former_name in _TEXTS and name in _TEXTS:
        return not limits or (bool(former_limits) and former_limits[0] <= limits[0])
    if former_name == name == "numeric" and len(former_limits) == len(limits) == 2:
        (former_digits, former_scale), (digits, scale) = former_limits, limits
        return former_scale <= scale and former_digits - former_scale <= digits - scale
    return False


def is_narrower(former: str, present: str) -> bool:
    """Return whether some values of `former` do not fit into `present`, and the others stay unchanged."""
    if _is_array(former) and _elements_alike(former, present):
        former, present = _element(former), _element(present)
    both_numeric = _parse(former)[0] == _parse(present)[0] == "numeric"
    return not holds_all_of(former, present) and (both_numeric or holds_all_of(present, former))


def rewrites(former: str, present: str) -> bool:
    """Return whether PostgreSQL rewrites the whole table for this change."""
    if not holds_all_of(former, present):
        return True
    if _is_array(former):
        return _element(former) != _element(present)
    (former_name, former_limits), (name, limits) = _parse(former), _parse(present)
    if former_name == name == "numeric":
        return former_limits[1:] != limits[1:]
    return former_name != name and name in _INTEGERS


def _parse(column_type: str) -> tuple[str, tuple[int, ...]]:
    match = _TYPE.fullmatch(column_type)
    if match is None:
        return column_type, ()
    limits = match["limits"]
    return match["name"], tuple(int(limit) for limit in limits.split(",")) if limits else ()


def _is_array(column_type: str) -> bool:
    return _ARRAY.search(column_type) is not None


def _element(array_type: str) -> str:
    return _ARRAY.sub("", array_type)


def _elements_alike(former: str, present: str) -> bool:
    """Return whether both are arrays of the same type, whatever its limits; PostgreSQL compares no other arrays."""
    return _is_array(present) and _is_array(former) and _parse(_element(former))[0] == _parse(_element(present))[0]
