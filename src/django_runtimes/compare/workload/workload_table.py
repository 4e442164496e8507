"""Reads one table of a workload file and validates every value."""

import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from django_runtimes.cli.text_files.toml_file import known_key
from django_runtimes.cli.tool_error import UsageError

_HEADER_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-")

_T = TypeVar("_T")


class WorkloadTable:
    """A table of a workload file, whose methods return valid values or raise UsageError.

    `where` is the table's dotted name with a trailing dot. An unknown key raises UsageError.
    """

    def __init__(self, path: Path, where: str, values: Mapping[str, Any], *, known: tuple[str, ...]) -> None:
        self.path = path
        self._where = where
        self._values = values
        for key in values:
            if key not in known:
                raise UsageError(f"{path}: '{self._name(key)}' is not a known key; {known_key(key, known)}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def refuse(self, key: str, rule: str) -> NoReturn:
        """Raise UsageError with one line: the key, its value and the rule that it breaks."""
        name = self._name(key)
        if key not in self._values:
            raise UsageError(f"{self.path}: '{name}' is missing; it must be {rule}")
        raise UsageError(f"{self.path}: {name}={self._values[key]!r} must be {rule}")

    def value(self, key: str) -> Any:
        """Return the value without validating it; None without the key."""
        return self._values.get(key)

    def table(self, key: str, known: tuple[str, ...], *, optional: bool = False) -> "WorkloadTable":
        """Return the table of this name, or an empty one if it is optional and missing."""
        values = {} if optional and key not in self._values else self._typed(key, dict, "a table")
        return WorkloadTable(self.path, f"{self._name(key)}.", values, known=known)

    def tables(self, key: str, known: tuple[str, ...]) -> "list[WorkloadTable]":
        """Return the tables of this name, at least one."""
        rule = f"a list of tables, each written [[{self._name(key)}]]"
        entries = self._typed(key, list, rule)
        if not entries or not all(isinstance(entry, dict) for entry in entries):
            self.refuse(key, rule)
        where = self._name(key)
        return [WorkloadTable(self.path, f"{where}[{at}].", entry, known=known) for at, entry in enumerate(entries)]

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        rule = "a text that is not empty"
        value = self._typed(key, str, rule)
        if not value.strip():
            self.refuse(key, rule)
        return value

    def text_or_none(self, key: str) -> str | None:
        """Return a text that is not empty, or None without the key."""
        return self.text(key) if key in self._values else None

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of these texts."""
        value = self._typed(key, str, f"one of: {', '.join(choices)}")
        if value not in choices:
            self.refuse(key, f"one of: {', '.join(choices)}")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false without the key."""
        return self._typed(key, bool, "true or false") if key in self._values else False

    def positive_number(self, key: str, default: float) -> float:
        """Return a number above 0."""
        rule = "a number above 0"
        value = self._values.get(key, default)
        # bool is a subclass of int, and TOML's numbers include inf and nan.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            self.refuse(key, rule)
        return float(value)

    def integer(self, key: str, rule: str, *, default: int, minimum: int, maximum: int) -> int:
        """Return an integer within the bounds; errors quote `rule`."""
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            self.refuse(key, rule)
        return value

    def texts_by_name(self, key: str, example: str) -> dict[str, str]:
        """Return a table of texts, empty without the key; errors quote `example`."""
        values: dict[str, Any] = self._values.get(key, {})
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            self.refuse(key, f"a table of texts, such as {example}")
        return dict(values)

    def headers(self, key: str, *, reserved: tuple[str, ...]) -> dict[str, str]:
        """Return HTTP headers; refuse the ones that the load generator sets itself."""
        headers = self.texts_by_name(key, '{ "Content-Type" = "application/json" }')
        for name, value in headers.items():
            if name.lower() in reserved:
                self.refuse(key, f"without '{name}', which the load generator sets itself")
            if not name or not set(name) <= _HEADER_CHARACTERS or not value.isprintable():
                self.refuse(key, "names of letters, digits and hyphens with values on one line")
        return headers

    def header_name(self, key: str, default: str) -> str:
        """Return the name of a header or a cookie."""
        name = self.text_or_none(key) or default
        if not set(name) <= _HEADER_CHARACTERS | {"_"}:
            self.refuse(key, "a name of letters, digits, hyphens and underscores")
        return name

    def json_text(self, key: str) -> str:
        """Return a table or list as JSON."""
        rule = 'a table or a list of JSON values, such as { name = "Ada", tags = ["new"] }'
        value = self._values.get(key)
        if not isinstance(value, dict | list):
            self.refuse(key, rule)
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            # TOML has dates, inf and nan, which JSON lacks.
            self.refuse(key, rule)

    def commands(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Return commands, each a list of words."""
        rule = 'a list of commands, each a list of texts, such as [["loaddata", "sample"]]'
        commands = self._values.get(key, [])
        if not isinstance(commands, list) or not all(_is_command(command) for command in commands):
            self.refuse(key, rule)
        return tuple(tuple(command) for command in commands)

    def text_or_texts(self, key: str, rule: str) -> str | tuple[str, ...]:
        """Return a text or a list of texts, each not empty and on one line; errors quote `rule`."""
        value = self._values.get(key)
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not texts or not all(_is_word(text) for text in texts):
            self.refuse(key, rule)
        return value if isinstance(value, str) else tuple(texts)

    def _typed(self, key: str, wanted: type[_T], rule: str) -> _T:
        value = self._values.get(key)
        if not isinstance(value, wanted):
            self.refuse(key, rule)
        return value

    def _name(self, key: str) -> str:
        return f"{self._where}{key}"


def _is_command(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()
