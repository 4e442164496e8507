"""Reads a large result in pages, with a cursor of PostgreSQL in a transaction."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg.abc import Transformer

from django_runtimes.databases.data_api.results.loaded_columns import ChangedTypesError, ResultColumn
from django_runtimes.databases.data_api.service.answer_errors import (
    ResultTooLargeError,
    UnreturnableTypeError,
    postgresql_error,
)
from django_runtimes.databases.data_api.session.data_api_transaction import DataApiTransaction
from django_runtimes.databases.data_api.session.statement_runner import ReadableStatement
from django_runtimes.databases.data_api.statements.bound_statement import ServiceStatement

# A row has at most 64 KB and a result 1 MiB, so this many rows always fit.
_FIRST_ROWS = 15
# Later pages are larger, by the size of the earlier rows, and stay far enough below the limit.
_PAGE_BYTES = 384 * 1024
_MOST_ROWS = 10_000
_FIELD_BYTES = 24
_LOCKING = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?(?:KEY\s+)?(?:UPDATE|SHARE)\b", re.IGNORECASE)
# PostgreSQL's answer on the other routes, where the end of a transaction closes its cursors.
_INVALID_CURSOR = "34000"
_numbers = count(1)


class PagedRows:
    """The rows of a query, of which one page is in memory.

    With `owns_transaction` the transaction ends with the rows.
    """

    def __init__(
        self,
        transaction: DataApiTransaction,
        query: ReadableStatement,
        transformer: Transformer,
        *,
        owns_transaction: bool,
    ) -> None:
        self._transaction = transaction
        self._owns_transaction = owns_transaction
        self._query = query
        self._transformer = transformer
        self._name = f"webapp_page_{next(_numbers)}"
        self._position = 0
        self._rows_per_page = _FIRST_ROWS
        self._page: list[tuple[Any, ...]] = []
        self._is_complete = False
        self._is_closed = False
        self.description: list[ResultColumn] | None = None
        self._partial_rollbacks = transaction.partial_rollbacks
        try:
            self._begin()
        except BaseException:
            if owns_transaction:
                transaction.rollback()
            raise

    def take(self, rows: int | None) -> list[tuple[Any, ...]]:
        """Return the next rows, all of them for None."""
        while not self._is_complete and (rows is None or len(self._page) < rows):
            self._fetch()
        taken = self._page if rows is None else self._page[:rows]
        self._page = [] if rows is None else self._page[rows:]
        return taken

    def close(self) -> None:
        """Close PostgreSQL's cursor, and end the transaction if it is only for these rows."""
        if self._is_closed:
            return
        self._is_closed = self._is_complete = True
        transaction = self._transaction
        if transaction.has_ended:
            return
        if self._owns_transaction:
            # A query may call functions that write.
            transaction.commit()
        elif not transaction.has_failed and (
            transaction.partial_rollbacks == self._partial_rollbacks or self._is_still_open()
        ):
            # An open cursor would prevent changes of its tables.
            self._run(f"CLOSE {self._name}")

    def _begin(self) -> None:
        while True:
            self._declare()
            try:
                self._fetch()
                break
            except (UnreturnableTypeError, ChangedTypesError) as error:
                self._run(f"CLOSE {self._name}")
                self._query.make_readable(self._transaction, error)

    def _is_still_open(self) -> bool:
        sql = f"SELECT 1 FROM pg_catalog.pg_cursors WHERE name = '{self._name}'"  # noqa: S608  (our own name)
        return bool(self._run(sql).get("records"))

    def _declare(self) -> None:
        query = self._query.readable
        scroll = "NO SCROLL" if self._is_locking else "SCROLL"
        self._transaction.execute(
            ServiceStatement(f"DECLARE {self._name} {scroll} CURSOR FOR {query.sql}", query.parameters)
        )

    def _fetch(self) -> None:
        if self._transaction.has_ended:
            raise postgresql_error(
                _INVALID_CURSOR,
                "the transaction in which the rows were asked for has ended by COMMIT or ROLLBACK; take all rows of "
                "iterator() inside its atomic(), or begin it outside",
            )
        while True:
            wanted = self._rows_per_page
            try:
                answer = self._run(f"FETCH {wanted} FROM {self._name}")
                break
            except ResultTooLargeError as error:
                if wanted == 1 or self._is_locking:
                    raise psycopg.NotSupportedError(
                        f"the Data API returns rows of at most 64 KB ({error}); leave the column out with defer(), "
                        'read it in parts with substr(), and delete the row with only("pk")'
                    ) from None
                self._rows_per_page = max(1, wanted // 4)
                self._run(f"MOVE ABSOLUTE {self._position} IN {self._name}")
        result = self._query.load(answer, self._transformer)
        self.description = result.description
        self._page += result.rows
        self._position += len(result.rows)
        self._is_complete = len(result.rows) < wanted
        if result.rows and not self._is_locking:
            row_bytes = max(1, _bytes_of(answer["records"]) // len(result.rows))
            self._rows_per_page = min(_MOST_ROWS, max(1, _PAGE_BYTES // row_bytes))

    @property
    def _is_locking(self) -> bool:
        """Whether the query locks its rows, so that PostgreSQL cannot move its cursor back."""
        return _LOCKING.search(self._query.given.outline) is not None

    def _run(self, sql: str) -> dict[str, Any]:
        return self._transaction.execute(ServiceStatement(sql))


def _bytes_of(records: Sequence[Sequence[Mapping[str, Any]]]) -> int:
    return sum(_FIELD_BYTES + len(str(value)) for record in records for field in record for value in field.values())
