"""Runs one statement, and reads types as text that the service cannot return."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import psycopg
from psycopg.abc import Transformer

from django_runtimes.databases.data_api.results.cast_columns import (
    REMEMBERED_TYPES,
    RETURNABLE,
    ColumnTypes,
    QueryTemplate,
    is_query,
    with_casts,
    without_rows,
)
from django_runtimes.databases.data_api.results.loaded_columns import (
    ChangedTypesError,
    ResultRows,
    column_types,
    load_cast_result,
    load_result,
    type_oid,
)
from django_runtimes.databases.data_api.service.answer_errors import (
    ENDED_TRANSACTION,
    UnreturnableTypeError,
    ended_by_query,
)
from django_runtimes.databases.data_api.statements.bound_statement import ServiceStatement
from django_runtimes.databases.data_api.statements.size_limits import STATEMENT_MAX_BYTES
from django_runtimes.databases.data_api.statements.statement_text import first_words

_COUNTED = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")
# A migration may change a table between two lookups of a query's columns.
_MOST_LOOKUPS = 2
_CHANGES_TYPES = ("ALTER", "CREATE", "DROP")


class StatementSession(Protocol):
    """Where a statement runs: in a transaction, or on its own."""

    is_transaction: bool

    @property
    def outside(self) -> "StatementSession":
        """Where a statement runs outside the transaction."""
        ...

    def execute(self, statement: ServiceStatement) -> dict[str, Any]:
        """Run a statement, and return the service's answer."""
        ...


class ReadableStatement:
    """A statement whose result the service can return; `template` is its text before values were merged in, with its
    database."""

    def __init__(self, statement: ServiceStatement, template: QueryTemplate | None) -> None:
        self._template = template
        self.given = statement
        self.readable = statement
        self.types: ColumnTypes | None = None
        self._lookups = 0
        if (remembered := REMEMBERED_TYPES.get(template)) is not None:
            self._cast(remembered)

    @property
    def first_word(self) -> str:
        """The first word of the statement, in upper case."""
        return next(iter(first_words(self.given.outline, 1)), "")

    @property
    def is_query(self) -> bool:
        """Whether the statement may stand in a subquery, and be read in pages."""
        return is_query(self.given.outline)

    def run(self, session: StatementSession, transformer: Transformer) -> ResultRows:
        """Run the statement, and return its rows; raise ResultTooLargeError above the service's limit.

        A query that has a type which the service cannot return is run again with casts.
        """
        while True:
            try:
                result = self.load(session.execute(self.readable), transformer)
                break
            except (UnreturnableTypeError, ChangedTypesError) as error:
                self.make_readable(session, error)
        if self.first_word in _CHANGES_TYPES:
            REMEMBERED_TYPES.clear()
        if result.description is None and self.first_word not in _COUNTED:
            return result._replace(rowcount=-1)
        return result

    def load(self, answer: Mapping[str, Any], transformer: Transformer) -> ResultRows:
        """Return the rows of an answer; raise ChangedTypesError if the casts do not suit the columns."""
        if self.types is None:
            return load_result(answer, transformer)
        result = load_cast_result(answer, transformer, self.types, RETURNABLE)
        if self._lookups == 0 and self._has_other_types(result, transformer):
            # The label of `SELECT %s` is the name of the value's type.
            raise ChangedTypesError
        return result

    def make_readable(self, session: StatementSession, error: UnreturnableTypeError | ChangedTypesError) -> None:
        """Cast the columns that the service cannot return; raise NotSupportedError if the statement is no query."""
        if not self.is_query:
            raise psycopg.NotSupportedError(
                f"the statement was carried out, but the Data API cannot return its result ({error}); "
                "cast the column to text in the statement"
            ) from None
        # Remembered columns may be those of other values, or of an earlier schema.
        if self._lookups == _MOST_LOOKUPS:
            reason = str(error) or "a column has another type than a moment before"
            raise psycopg.NotSupportedError(
                f"the query was carried out, but the Data API cannot return its result ({reason}); "
                "cast the column to text in the query"
            ) from None
        self._lookups += 1
        query = ServiceStatement(without_rows(self.given.sql), self.given.parameters)
        try:
            answer = session.execute(query)
        except psycopg.Error as lost:
            if lost.sqlstate != ENDED_TRANSACTION:
                raise
            self._cast_next_time(session.outside, query)
            raise ended_by_query("has a type that the service cannot return") from None
        self._cast(tuple(column_types(answer["columnMetadata"])))

    def _cast_next_time(self, session: StatementSession, query: ServiceStatement) -> None:
        # A table of the transaction may be missing outside.
        with suppress(psycopg.Error):
            self._cast(tuple(column_types(session.execute(query)["columnMetadata"])))

    def _has_other_types(self, result: ResultRows, transformer: Transformer) -> bool:
        """Return whether the types that psycopg knows are others than the remembered ones."""
        found = [column.type_code for column in result.description or ()]
        expected = [type_oid(transformer.adapters, type_name) for _, type_name in self.types or ()]
        return any(oid and oid != now for oid, now in zip(expected, found, strict=False))

    def _cast(self, types: ColumnTypes) -> None:
        sql = with_casts(self.given.sql, types)
        if len(sql.encode()) > STATEMENT_MAX_BYTES:
            raise psycopg.NotSupportedError(
                "the Data API cannot return a type of the result, and with casts to text the query has more than "
                f"{STATEMENT_MAX_BYTES:,} bytes; look up fewer rows at once"
            )
        self.types = types
        self.readable = ServiceStatement(sql, self.given.parameters)
        REMEMBERED_TYPES.add(self._template, types)
