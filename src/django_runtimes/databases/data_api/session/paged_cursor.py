"""The cursor of `iterator()`, which reads its rows in pages."""

from typing import Any, Self

import psycopg

from django_runtimes.databases.data_api.results.loaded_columns import ResultColumn
from django_runtimes.databases.data_api.session.data_api_cursor import DataApiCursor, Row
from django_runtimes.databases.data_api.session.paged_rows import PagedRows
from django_runtimes.databases.data_api.session.statement_runner import ReadableStatement


class PagedCursor(DataApiCursor):
    """A cursor whose rows stay with the server; outside a transaction it has one of its own."""

    _pages: PagedRows | None = None

    @property
    def description(self) -> list[ResultColumn] | None:
        """The columns of the result."""
        return self._pages.description if self._pages is not None else None

    @property
    def rowcount(self) -> int:
        """Unknown until the last row is read."""
        return -1

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Begin to read a query."""
        self._check_open()
        self._end_pages()
        self._query, transformer = self.bind(query, params)
        self._refuse()
        statements = self._query.for_service()
        if len(statements) != 1:
            raise psycopg.ProgrammingError(
                f"the text has {len(statements)} statements, and iterator() and chunked_cursor() read the rows of one; "
                "execute it with connection.cursor(), or leave one query in it"
            )
        (statement,) = statements
        readable = ReadableStatement(statement, self._template(query))
        with self.connection.lock:
            transaction, is_own = self.connection.transaction_for_rows()
            self._pages = PagedRows(transaction, readable, transformer, owns_transaction=is_own)
            self.connection.pages.add(self._pages)
        return self

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return the next rows."""
        return self._take(size or self.arraysize)

    def fetchall(self) -> list[Row]:
        """Return the remaining rows."""
        return self._take(None)

    def close(self) -> None:
        """End the query."""
        if not self.closed:
            self._end_pages()
            super().close()

    def _take(self, rows: int | None) -> list[Row]:
        self._check_open()
        if self._pages is None:
            return []
        with self.connection.lock:
            return self._pages.take(rows)

    def _end_pages(self) -> None:
        pages, self._pages = self._pages, None
        if pages is not None:
            with self.connection.lock:
                pages.close()
