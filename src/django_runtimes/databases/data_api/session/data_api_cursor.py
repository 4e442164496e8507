"""What Django takes for psycopg's cursor."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import psycopg
from django.db.backends.postgresql.base import CursorMixin
from psycopg.abc import Transformer
from psycopg.adapt import AdaptersMap

from django_runtimes.databases.data_api.results.cast_columns import QueryTemplate
from django_runtimes.databases.data_api.results.loaded_columns import ResultColumn, ResultRows
from django_runtimes.databases.data_api.service.answer_errors import (
    ENDED_TRANSACTION,
    ResultTooLargeError,
    ended_by_query,
)
from django_runtimes.databases.data_api.session.data_api_transaction import DataApiTransaction
from django_runtimes.databases.data_api.session.large_queries import LARGE_QUERIES
from django_runtimes.databases.data_api.session.paged_rows import PagedRows
from django_runtimes.databases.data_api.session.statement_runner import ReadableStatement
from django_runtimes.databases.data_api.statements.bound_statement import BoundStatement, ServiceStatement
from django_runtimes.databases.data_api.statements.literals import new_transformer
from django_runtimes.databases.data_api.statements.parameter_sets import batch_of
from django_runtimes.databases.data_api.statements.refusals import refusals_of
from django_runtimes.databases.data_api.statements.statement_text import first_words

if TYPE_CHECKING:
    from django_runtimes.databases.data_api.session.data_api_connection import DataApiConnection

Row = tuple[Any, ...]
_NOTHING = ResultRows([], None, -1)
# A savepoint and its release cost two calls.
_SMALLEST_BATCH = 4
_batches = count(1)


class DataApiCursor(CursorMixin):
    """A DB-API cursor; several statements in one text run one after the other, in one transaction."""

    arraysize = 1

    def __init__(self, connection: "DataApiConnection") -> None:
        self.connection = connection
        self.closed = False
        self._adapters: AdaptersMap | None = None
        # Django shows the last query by this attribute of psycopg's cursor.
        self._query: BoundStatement | None = None
        self._results: list[ResultRows] = []
        self._result = _NOTHING
        self._position = 0

    @property
    def adapters(self) -> AdaptersMap:
        """The adapters of this cursor, which begin as those of its connection."""
        if self._adapters is None:
            self._adapters = AdaptersMap(self.connection.adapters)
        return self._adapters

    @property
    def description(self) -> list[ResultColumn] | None:
        """The columns of the result; None if the statement returns no rows."""
        return self._result.description

    @property
    def rowcount(self) -> int:
        """The number of rows found or changed; -1 if it is unknown."""
        return self._result.rowcount

    @property
    def rownumber(self) -> int | None:
        """The index of the next row."""
        return None if self.description is None else self._position

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Execute one or more statements; `options` are psycopg's, which only libpq needs."""
        self._check_open()
        self._begin_result([])
        with self.connection.lock:
            self._begin_result(self._execute(query, params))
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Execute a statement with each set of values, all of them or none."""
        self._check_open()
        self._begin_result([])
        rows = list(params_seq)
        with self.connection.lock:
            if len(rows) < _SMALLEST_BATCH or not self._execute_batch(query, rows):
                self._begin_result([ResultRows([], None, self._execute_each(query, rows))])

    def nextset(self) -> bool | None:
        """Go on to the result of the next statement; return None after the last."""
        if len(self._results) < 2:
            return None
        self._begin_result(self._results[1:])
        return True

    def fetchone(self) -> Row | None:
        """Return the next row, or None."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return the next rows."""
        rows = self._rows()[self._position : self._position + (size or self.arraysize)]
        self._position += len(rows)
        return rows

    def fetchall(self) -> list[Row]:
        """Return the remaining rows."""
        rows = self._rows()[self._position :]
        self._position += len(rows)
        return rows

    def scroll(self, value: int, mode: str = "relative") -> None:
        """Move to another row of the result."""
        target = value + (self._position if mode == "relative" else 0)
        if not 0 <= target < len(self._rows()):
            raise IndexError("position out of bound")
        self._position = target

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: the service has no COPY."""
        raise psycopg.NotSupportedError("the Data API has no COPY; use bulk_create(), or the extension aws_s3")

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: the service returns whole results."""
        raise psycopg.NotSupportedError("the Data API streams no rows; use iterator(), which reads pages")

    def close(self) -> None:
        """Drop the result, and refuse further statements."""
        self.closed = True
        self._begin_result([])

    def __iter__(self) -> Iterator[Row]:
        while (row := self.fetchone()) is not None:
            yield row

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Do nothing, as psycopg does."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as psycopg does."""

    def transformer(self) -> Transformer:
        """Return what converts the values of one statement."""
        return new_transformer(self.connection.adapters if self._adapters is None else self._adapters)

    def bind(self, query: Any, params: Any) -> tuple[BoundStatement, Transformer]:
        """Merge the values into a statement."""
        transformer = self.transformer()
        return BoundStatement(query, params, transformer), transformer

    def _template(self, query: Any) -> QueryTemplate | None:
        """Return what identifies a query whatever its values are."""
        return (self.connection.service.cluster, query) if isinstance(query, str) else None

    def _execute(self, query: Any, params: Any) -> list[ResultRows]:
        self._query, transformer = self.bind(query, params)
        statements = self._query.for_service()
        self._refuse(is_single=len(statements) == 1)
        if not statements:
            return []
        if len(statements) == 1:
            return [self._run(statements[0], transformer, self._template(query))]
        with _OneTransaction(self.connection):
            return [self._run(statement, transformer, None) for statement in statements]

    def _refuse(self, *, is_single: bool = True) -> None:
        """Raise NotSupportedError for a statement that needs a session; several statements share a transaction."""
        sql = self._query.examined if self._query else ""
        for refusal in refusals_of(sql, is_in_transaction=self.connection.is_in_transaction or not is_single):
            raise psycopg.NotSupportedError(f"{refusal.reason}; {refusal.remedy}")

    def _execute_each(self, query: Any, rows: list[Any]) -> int:
        with _OneTransaction(self.connection):
            results = [result for params in rows for result in self._execute(query, params)]
        return sum(max(0, result.rowcount) for result in results)

    def _execute_batch(self, query: Any, rows: list[Any]) -> bool:
        """Insert the rows with few calls; return False if the statement needs untyped values, after undoing it."""
        batch = batch_of(query, rows, self.transformer())
        if batch is None:
            return False
        savepoint = f"webapp_batch_{next(_batches)}" if self.connection.is_in_transaction else None
        try:
            with _OneTransaction(self.connection):
                transaction, _ = self.connection.transaction_for_rows()
                if savepoint:
                    transaction.execute(ServiceStatement(f"SAVEPOINT {savepoint}"))
                for sets in batch.requests():
                    transaction.execute_batch(batch.sql, sets)
                if savepoint:
                    transaction.execute(ServiceStatement(f"RELEASE SAVEPOINT {savepoint}"))
        except (psycopg.errors.DatatypeMismatch, psycopg.errors.IndeterminateDatatype):
            if savepoint:
                transaction.execute(ServiceStatement(f"ROLLBACK TO SAVEPOINT {savepoint}"))
                transaction.rolled_back_to_savepoint()
            return False
        # The service does not count the rows, and a trigger may leave some out.
        self._begin_result([_NOTHING])
        return True

    def _run(self, statement: ServiceStatement, transformer: Transformer, template: QueryTemplate | None) -> ResultRows:
        readable = ReadableStatement(statement, template)
        session = self.connection.session()
        if session.is_transaction and template in LARGE_QUERIES:
            return self._in_pages(readable, transformer)
        try:
            result = readable.run(session, transformer)
        except ResultTooLargeError as error:
            if not readable.is_query:
                raise psycopg.NotSupportedError(
                    "the statement was carried out, but the Data API returns at most 1 MiB, and 64 KB for a row "
                    f"({error}); change fewer rows at once (batch_size), or return fewer columns"
                ) from None
            try:
                return self._in_pages(readable, transformer)
            except psycopg.Error as lost:
                if lost.sqlstate != ENDED_TRANSACTION or not session.is_transaction:
                    raise
                LARGE_QUERIES.add(template)
                raise ended_by_query("is above 1 MiB") from None
        if first_words(statement.outline, 2) == ("ROLLBACK", "TO") and isinstance(session, DataApiTransaction):
            session.rolled_back_to_savepoint()
        return result

    def _in_pages(self, readable: ReadableStatement, transformer: Transformer) -> ResultRows:
        transaction, is_own = self.connection.transaction_for_rows()
        pages = PagedRows(transaction, readable, transformer, owns_transaction=is_own)
        try:
            rows = pages.take(None)
        finally:
            pages.close()
        return ResultRows(rows, pages.description, len(rows))

    def _begin_result(self, results: list[ResultRows]) -> None:
        self._results = results
        self._result = results[0] if results else _NOTHING
        self._position = 0

    def _rows(self) -> list[Row]:
        self._check_open()
        if self._result.description is None:
            raise psycopg.ProgrammingError("the last operation didn't produce records")
        return self._result.rows

    def _check_open(self) -> None:
        if self.closed:
            raise psycopg.InterfaceError("the cursor is closed")
        self.connection.check_open()


class _OneTransaction:
    """Runs several statements in one transaction, as PostgreSQL runs those of one message."""

    def __init__(self, connection: "DataApiConnection") -> None:
        self._connection = connection
        self._is_own = not connection.is_in_transaction

    def __enter__(self) -> None:
        if self._is_own:
            self._connection.begin()

    def __exit__(self, failure: object, *args: object) -> None:
        if not self._is_own:
            return
        if failure is None:
            self._connection.commit()
            return
        # The first error is the one to report, and the service rolls back what it does not hear of.
        with suppress(psycopg.Error):
            self._connection.rollback()
