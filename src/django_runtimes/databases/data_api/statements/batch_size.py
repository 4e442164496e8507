"""Counts how many objects fit into one statement of the service."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

# Below the limit of 64 KB for the text and 4 MiB for the request, since the clauses around the values and the casts
# of a bulk_update() take room too.
_TEXT_BYTES = 40_000
_REQUEST_BYTES = 2_500_000
# A longer value is passed as a parameter.
_LONG_BYTES = 4000
# A number, a date or a UUID with its cast, and the clause `WHEN ... THEN` of a bulk_update().
_VALUE_BYTES = 40
_MOST_ROWS = 1000
# Arrays are passed as parameters. The keys that INSERT returns stay below 1 MiB.
_MOST_ROWS_AS_ARRAYS = 5000


def most_rows(fields: Sequence[Any], objs: Sequence[Any], *, as_arrays: bool) -> int:
    """Return the largest number of consecutive objects whose values fit into each statement, at least 1.

    A field may be a name. With `as_arrays` the values of each field are one array, unless one is an expression.
    """
    names = [field if isinstance(field, str) else field.attname for field in fields]
    sizes = [_size(names, obj) for obj in objs]
    if as_arrays and not any(hasattr(getattr(obj, name, None), "as_sql") for obj in objs for name in names):
        sizes = [(0, total) for _, total in sizes]
        rows = min(len(sizes), _MOST_ROWS_AS_ARRAYS)
    else:
        rows = min(len(sizes), _MOST_ROWS)
    while rows > 1 and not all(_fits(sizes[start : start + rows]) for start in range(0, len(sizes), rows)):
        rows = max(1, rows * 3 // 4)
    return max(rows, 1)


def _fits(sizes: Sequence[tuple[int, int]]) -> bool:
    return sum(text for text, _ in sizes) <= _TEXT_BYTES and sum(total for _, total in sizes) <= _REQUEST_BYTES


class _Length(NamedTuple):
    """The bytes of a value in the text of a statement, and in the JSON of a request."""

    text: int
    request: int


def _size(names: Sequence[str], obj: Any) -> tuple[int, int]:
    """Return the bytes of an object's values in the text, and all of them."""
    text = total = 0
    for name in names:
        length = _length(getattr(obj, name, None))
        total += _VALUE_BYTES + length.request
        text += _VALUE_BYTES + (length.text if length.text <= _LONG_BYTES else 0)
    return text, total


def _length(value: Any) -> _Length:
    if value is None or isinstance(value, bool | int | float):
        return _Length(0, 0)
    if isinstance(value, bytes | bytearray | memoryview):
        digits = 2 * memoryview(value).nbytes
        return _Length(digits, digits)
    if isinstance(value, dict | list | tuple | set):
        value = _as_json(value)
    elif not isinstance(value, str):
        value = str(value)
    backslashes, quotes = value.count("\\"), value.count("'")
    escaped = len(json.dumps(value, ensure_ascii=False).encode())
    # An array escapes quotes and backslashes once more, and both again become escapes of JSON.
    return _Length(
        len(value.encode()) + quotes + 2 * backslashes, escaped + quotes + 2 * (value.count('"') + backslashes)
    )


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError):
        # A set, or a key that the field's encoder knows.
        return repr(value)
