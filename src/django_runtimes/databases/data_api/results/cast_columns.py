"""Rewrites a query whose result has types that the service cannot return, so that they arrive as text."""

import re
from collections import OrderedDict
from threading import Lock

from django_runtimes.databases.data_api.service.rds_data import DataApiCluster
from django_runtimes.databases.data_api.statements.statement_text import first_words

# Scalar types that the service returns.
RETURNABLE = frozenset(
    (
        "bool",
        "bytea",
        "bpchar",
        "cidr",
        "date",
        "float4",
        "float8",
        "inet",
        "int2",
        "int4",
        "int8",
        "json",
        "jsonb",
        "name",
        "numeric",
        "oid",
        "text",
        "time",
        "timestamp",
        "timestamptz",
        "uuid",
        "varchar",
    )
)
_QUERIES = ("SELECT", "VALUES", "TABLE", "WITH")
# A change in WITH, or after it; FOR UPDATE follows no bracket.
_CHANGE = re.compile(r"[()]\s*(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
# The number of columns of such a query depends on the tables. A star in `(*)` or before an operand is none of columns.
_STAR = re.compile(r"(?<!\()\*(?!\s*[\"'(%\d])|\bTABLE\b", re.IGNORECASE)
_MOST_REMEMBERED = 512

ColumnTypes = tuple[tuple[str, str], ...]
# A database, and a query before its values are merged in.
QueryTemplate = tuple[DataApiCluster, str]


def is_query(outline: str) -> bool:
    """Return whether a statement may stand in a subquery, which one that changes rows may not.

    `outline` is the statement without comments and the text of strings.
    """
    word = "".join(first_words(outline, 1))
    return word in _QUERIES and not (word == "WITH" and _CHANGE.search(outline))


def without_rows(query: str) -> str:
    """Return a query for the columns of `query` that computes no row."""
    return f"SELECT * FROM ({_stripped(query)}) AS q LIMIT 0"  # noqa: S608  (the application's own query)


def with_casts(query: str, types: ColumnTypes) -> str:
    """Return the query with every column as text whose type the service cannot return.

    Arrays are text too: only their values tell whether they have several dimensions, which the service cannot return.
    A last column has the OIDs of the types that the server casts, which `load_cast_result()` expects.
    """
    names = [f"c{index}" for index in range(len(types))]
    cast = [name for name, (_, type_name) in zip(names, types, strict=True) if type_name not in RETURNABLE]
    columns = [f"{name}::text" if name in cast else name for name in names]
    if cast:
        # COALESCE resolves a domain to its type, as results do.
        oids = ", ".join(f"pg_catalog.pg_typeof(COALESCE({name}, NULL))::pg_catalog.oid::int8" for name in cast)
        columns.append(f"ARRAY[{oids}]")
    return f"SELECT {', '.join(columns)} FROM ({_stripped(query)}) AS q({', '.join(names)})"  # noqa: S608  (the same)


class RememberedTypes:
    """The columns of queries that need casts, so that only the first of each kind fails; for all threads."""

    def __init__(self) -> None:
        self._types: OrderedDict[QueryTemplate, ColumnTypes] = OrderedDict()
        self._lock = Lock()

    def get(self, template: QueryTemplate | None) -> ColumnTypes | None:
        """Return the columns of a query that needs casts, or None."""
        return None if template is None else self._types.get(template)

    def add(self, template: QueryTemplate | None, types: ColumnTypes) -> None:
        """Remember the columns of a query that names them all; forget a query that no longer needs casts."""
        if template is None or _STAR.search(template[1]):
            return
        with self._lock:
            if all(type_name in RETURNABLE for _, type_name in types):
                self._types.pop(template, None)
                return
            self._types[template] = types
            if len(self._types) > _MOST_REMEMBERED:
                self._types.popitem(last=False)

    def clear(self) -> None:
        """Forget all queries, since a table may have changed."""
        with self._lock:
            self._types.clear()


REMEMBERED_TYPES = RememberedTypes()


def _stripped(query: str) -> str:
    # A line comment at the end would hide the bracket.
    return f"{query.strip()}\n"
