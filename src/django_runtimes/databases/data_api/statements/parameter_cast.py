"""Gives a value that is sent beside the statement the type that its literal would have had."""

from typing import Any


def cast_of_untyped(value: Any) -> bytes:
    """Return the type for a value whose literal has none, or b"" for a text."""
    return b"text[]" if isinstance(value, list) and isinstance(_first(value), str | None) else b""


def _first(items: list[Any]) -> Any:
    """Return the first element that is not None, also of nested lists."""
    for item in items:
        found = _first(item) if isinstance(item, list) else item
        if found is not None:
            return found
    return None
