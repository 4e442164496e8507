"""Merges values into a statement as Django does, and passes the longest apart where the text would be too long."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple, cast

import psycopg
from psycopg._queries import PostgresClientQuery
from psycopg.abc import Params, Query, Transformer

from django_runtimes.databases.data_api.statements.parameter_cast import cast_of_untyped
from django_runtimes.databases.data_api.statements.size_limits import LONG_VALUE_BYTES, STATEMENT_MAX_BYTES
from django_runtimes.databases.data_api.statements.statement_text import statements_of

_NAME = "webapp_"
_CAST = re.compile(rb"(?s)(?P<value>.*')::(?P<type>[\w\" .]+(?:\[\])?)")


class ServiceStatement(NamedTuple):
    """One statement as the service accepts it, with its parameters.

    `outline` is the statement without values, comments and the text of strings, if it is the application's.
    """

    sql: str
    parameters: tuple[Mapping[str, Any], ...] = ()
    outline: str = ""


class BoundStatement:
    """A statement with its values; `query` is what Django shows as the last query."""

    def __init__(self, sql: Query, values: Params | None, transformer: Transformer) -> None:
        self._bound = PostgresClientQuery(transformer)
        self._bound.convert(sql, values)
        order = self._bound._order
        self._given = list(values or ()) if order is None else [cast(Any, values)[name] for name in order]
        has_values = values is not None
        text = self._bound.template if has_values else self._bound.query
        self._literals = [bytes(literal or b"") for literal in self._bound.params or ()] if has_values else []
        self._statements = statements_of(text.decode(), has_values=has_values)

    @property
    def query(self) -> bytes:
        """The statement with all values in its text."""
        return self._bound.query

    @property
    def examined(self) -> str:
        """What may decide how the statements run: their text without strings, comments and values, but for words."""
        return ";".join(statement.examined(self._literals) for statement in self._statements)

    def for_service(self) -> list[ServiceStatement]:
        """Return the statements; raise NotSupportedError if one is above the service's limit."""
        if len(self.query) <= STATEMENT_MAX_BYTES:
            statements = [
                ServiceStatement(statement.merged(self._literals), (), statement.outline)
                for statement in self._statements
            ]
            if all(len(statement.sql.encode()) <= STATEMENT_MAX_BYTES for statement in statements):
                return statements
        for long_bytes in LONG_VALUE_BYTES:
            statements = self._with_parameters(long_bytes)
            size = max((len(statement.sql.encode()) for statement in statements), default=0)
            if size <= STATEMENT_MAX_BYTES:
                return statements
        raise psycopg.NotSupportedError(
            f"the statement has {size:,} bytes, and the Data API accepts {STATEMENT_MAX_BYTES:,}; write or look up "
            "fewer rows at once (batch_size), or pass a list of values as one value: column = ANY(%s)"
        )

    def _with_parameters(self, long_bytes: int) -> list[ServiceStatement]:
        literals = list(self._literals)
        parameters: dict[int, Mapping[str, Any]] = {}
        for index in chain.from_iterable(statement.bare_values() for statement in self._statements):
            literal = literals[index]
            if len(literal) > long_bytes and (passed := _parameter(literal)) is not None:
                name = f"{_NAME}{index}"
                value, type_name = passed
                type_name = type_name or cast_of_untyped(self._given[index])
                parameters[index] = {"name": name, "value": {"stringValue": value}}
                literals[index] = b"CAST(:%s AS %s)" % (name.encode(), type_name) if type_name else b":" + name.encode()
        return [
            ServiceStatement(
                statement.merged(literals),
                tuple(parameters[index] for index in statement.bare_values() if index in parameters),
                statement.outline,
            )
            for statement in self._statements
        ]


def _parameter(literal: bytes) -> tuple[str, bytes] | None:
    """Return the value of a quoted literal, and the type of its cast; None for another literal."""
    cast = b""
    if found := _CAST.fullmatch(literal):
        literal, cast = found["value"], found["type"]
    stripped = literal.strip()
    if stripped.startswith(b"E'") and stripped.endswith(b"'"):
        text = stripped[2:-1].replace(b"\\\\", b"\\")
    elif stripped.startswith(b"'") and stripped.endswith(b"'"):
        text = stripped[1:-1]
    else:
        return None
    return text.replace(b"''", b"'").decode(), cast
