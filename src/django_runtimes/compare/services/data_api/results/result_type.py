"""The types of PostgreSQL that the Data API returns, and how each is written in JSON."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from django_runtimes.compare.services.data_api.data_api_error import DataApiError

Field = dict[str, Any]

_FRACTION = re.compile(r"\.(\d+)")
_ELEMENT = re.compile(r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^,{}]+)')
_ESCAPE = re.compile(r"\\(.)")
_INFINITE = frozenset({"infinity", "-infinity"})
_NUMBERS = {"NaN", "Infinity", "-Infinity"}

# The types of java.sql.Types, which the service reports.
_ARRAY, _ENUM, _OTHER = 2003, 12, 1111


def _finite(text: str) -> str:
    if text in _INFINITE:
        raise DataApiError("InternalFailure")
    return text


def _timestamp(text: str) -> str:
    """Print the fraction of a second with three or six digits, and no offset, since the session is in UTC."""
    text = _finite(text).removesuffix("+00")
    return _FRACTION.sub(lambda match: f".{match[1]:0<{3 if len(match[1]) <= 3 else 6}}", text)


def _double(text: str) -> float | str:
    # JSON has no such numbers, so the service's protocol writes them as strings.
    return text if text in _NUMBERS else float(text)


@dataclass(frozen=True)
class _Writer:
    """The member of a field and of an array, and the function that makes its value from PostgreSQL's text."""

    member: str
    array_member: str
    value: Callable[[str], Any]


_BOOLEAN = _Writer("booleanValue", "booleanValues", lambda text: text == "t")
_LONG = _Writer("longValue", "longValues", int)
_DOUBLE = _Writer("doubleValue", "doubleValues", _double)
_STRING = _Writer("stringValue", "stringValues", str)
_BLOB = _Writer(
    "blobValue", "stringValues", lambda text: base64.b64encode(bytes.fromhex(text.removeprefix("\\x"))).decode()
)
_DATE = _Writer("stringValue", "stringValues", _finite)
_TIMESTAMP = _Writer("stringValue", "stringValues", _timestamp)

_WRITERS: Mapping[str, tuple[_Writer, int]] = {
    "bool": (_BOOLEAN, -7),
    "bpchar": (_STRING, 1),
    "bytea": (_BLOB, -2),
    "cidr": (_STRING, _OTHER),
    "date": (_DATE, 91),
    "float4": (_DOUBLE, 7),
    "float8": (_DOUBLE, 8),
    "inet": (_STRING, _OTHER),
    "int2": (_LONG, 5),
    "int4": (_LONG, 4),
    "int8": (_LONG, -5),
    "json": (_STRING, _OTHER),
    "jsonb": (_STRING, _OTHER),
    "name": (_STRING, 12),
    "numeric": (_STRING, 2),
    "oid": (_LONG, -5),
    "text": (_STRING, 12),
    "time": (_STRING, 92),
    "timestamp": (_TIMESTAMP, 93),
    "timestamptz": (_TIMESTAMP, 93),
    "uuid": (_STRING, _OTHER),
    "varchar": (_STRING, 12),
    "vector": (_STRING, _OTHER),
}
_NOT_IN_ARRAYS = frozenset({"cidr", "inet", "vector"})
_SIGNED = frozenset({"float4", "float8", "int2", "int4", "int8", "numeric", "oid"})


@dataclass(frozen=True)
class ResultType:
    """A type of a result's column; an array has the name of its `element`."""

    name: str
    element: str | None = None
    is_enum: bool = False

    @property
    def is_supported(self) -> bool:
        """Whether the service returns values of the type."""
        if self.element is not None:
            return self.element in _WRITERS and self.element not in _NOT_IN_ARRAYS
        return self.is_enum or self.name in _WRITERS

    @property
    def java_type(self) -> int:
        """The number in java.sql.Types."""
        if self.element is not None:
            return _ARRAY
        return _ENUM if self.is_enum else _java_type(self.name)

    @property
    def java_element_type(self) -> int:
        """The number of an array's element; 0 for any other type."""
        return 0 if self.element is None else _java_type(self.element)

    @property
    def is_signed(self) -> bool:
        """Whether the type is a number."""
        return self.name in _SIGNED

    def field(self, text: str) -> Field:
        """Return the field of a value that is not NULL, from its text in PostgreSQL; raise DataApiError."""
        if self.element is None:
            writer = _STRING if self.is_enum else _WRITERS[self.name][0]
            return {writer.member: writer.value(text)}
        writer = _WRITERS[self.element][0]
        # An array of bytea has no member of its own.
        write = writer.value if writer is not _BLOB else str
        return {"arrayValue": {writer.array_member: [None if item is None else write(item) for item in _items(text)]}}


def builtin_types() -> dict[int, ResultType]:
    """Return PostgreSQL's own types, by their OIDs."""
    found = {}
    for info in psycopg.adapters.types:
        # psycopg writes the name of "char" with its quotes.
        name = info.name.strip('"')
        found[info.oid] = ResultType(name)
        if info.array_oid:
            found[info.array_oid] = ResultType(f"_{name}", name)
    return found


def _java_type(name: str) -> int:
    return _WRITERS[name][1] if name in _WRITERS else _OTHER


def _items(text: str) -> list[str | None]:
    """Return the elements of an array; raise DataApiError if it has more than one dimension."""
    # An array whose first index is not 1 begins with its bounds.
    bounds, _, body = text.partition("{")
    if body.startswith("{") or bounds.count("[") > 1:
        raise DataApiError("UnsupportedResultException", "The result contains a multidimensional array")
    items: list[str | None] = []
    for match in _ELEMENT.finditer(body):
        if match["quoted"] is not None:
            items.append(_ESCAPE.sub(r"\1", match["quoted"]))
        else:
            items.append(None if match["plain"] == "NULL" else match["plain"])
    return items
