"""Measures the rows that a statement returns, and names their types."""

from dataclasses import dataclass
from typing import Any

from psycopg.pq.abc import PGresult
from psycopg.types import TypesRegistry

from django_runtimes.pinning.rules import Statement

_DATES = ("date", "timestamp", "timestamptz")
_INFINITY = b"infinity"


@dataclass(frozen=True)
class ReturnedRows:
    """The rows of one result: the types of its columns, and the sizes of all rows and of the largest, in bytes.

    A type that psycopg does not know, such as an enum, is left out. An array's type is the name of its elements' type
    with `[]`, and `[][]` if it has several dimensions. `has_infinity` says whether a date or timestamp is infinite.
    """

    statement: Statement
    types: frozenset[str]
    size_bytes: int
    largest_row_bytes: int
    has_infinity: bool = False


def returned_rows(statement: Statement, result: PGresult, known: TypesRegistry) -> ReturnedRows:
    """Measure the rows of a result."""
    columns = range(result.nfields)
    rows = [[result.get_value(row, column) or b"" for column in columns] for row in range(result.ntuples)]
    sizes = [sum(map(len, row)) for row in rows]
    types = {
        name
        for column in columns
        if (name := _type_name(known, result.ftype(column), [row[column] for row in rows])) is not None
    }
    dates = [column for column in columns if _is_date(known, result.ftype(column))]
    has_infinity = any(_INFINITY in row[column] for row in rows for column in dates)
    return ReturnedRows(statement, frozenset(types), sum(sizes), max(sizes, default=0), has_infinity)


def _is_date(known: TypesRegistry, oid: int) -> bool:
    """Return whether a type is a date, a timestamp or an array of them."""
    info: Any = known.get(oid)
    return info is not None and info.name in _DATES


def _type_name(known: TypesRegistry, oid: int, values: list[bytes]) -> str | None:
    info: Any = known.get(oid)
    if info is None:
        return None
    if oid != info.array_oid:
        return str(info.name)
    # An array's text begins with its bounds, if they are not the default.
    is_nested = any(value.partition(b"=")[2].startswith(b"{{") or value.startswith(b"{{") for value in values)
    return f"{info.name}[][]" if is_nested else f"{info.name}[]"
