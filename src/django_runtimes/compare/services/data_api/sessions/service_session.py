"""One of the service's own sessions on PostgreSQL."""

import select
from typing import Self

import psycopg
from psycopg.generators import execute
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from django_runtimes.compare.services.data_api.data_api_error import (
    DataApiError,
    error_of_login,
    error_of_result,
    unavailable,
)
from django_runtimes.compare.services.data_api.named_parameters import SentStatement, SentValue

_CONNECT_TIMEOUT_S = 30
_COPIES = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})


class ServiceSession:
    """A connection in autocommit, in UTC and UTF-8, that runs one statement at a time."""

    def __init__(self, key: tuple[str, str], connection: psycopg.AsyncConnection) -> None:
        self.key = key
        self._connection = connection

    @classmethod
    async def open(cls, url: str, database: str) -> Self:
        """Log in to a database with the role of the URL; raise DataApiError."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                url,
                dbname=database,
                autocommit=True,
                client_encoding="UTF8",
                options="-c TimeZone=UTC",
                connect_timeout=_CONNECT_TIMEOUT_S,
            )
        except psycopg.OperationalError as error:
            raise error_of_login(error) from error
        return cls((url, database), connection)

    @property
    def database(self) -> str:
        """The name of the database."""
        return self.key[1]

    @property
    def process_id(self) -> int:
        """The process of the server."""
        return self._connection.pgconn.backend_pid

    @property
    def transaction_status(self) -> TransactionStatus:
        """Whether a transaction is open, and whether it failed."""
        return TransactionStatus(self._connection.pgconn.transaction_status)

    @property
    def is_broken(self) -> bool:
        """Whether the connection has ended, or the server has said that it ends."""
        pgconn = self._connection.pgconn
        if pgconn.status != ConnStatus.OK:
            return True
        if self.transaction_status is TransactionStatus.ACTIVE:
            return False
        # A resting server sends something only to say goodbye.
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))

    async def run(self, statement: SentStatement) -> PGresult:
        """Run one statement; raise DataApiError if PostgreSQL refuses it."""
        pgconn = self._connection.pgconn
        try:
            # The extended protocol, which takes only one statement.
            pgconn.send_query_params(
                statement.sql,
                [value.text for value in statement.values],
                param_types=[value.oid for value in statement.values],
            )
            results: list[PGresult] = await self._connection.wait(execute(pgconn))
        except psycopg.OperationalError as error:
            raise unavailable() from error
        result = results[-1]
        if result.status in _COPIES:
            await self.close()
            raise DataApiError("DatabaseErrorException", "ERROR: COPY is not supported; SQLState: 0A000")
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_of_result(result)
        return result

    async def query(self, sql: str, *values: SentValue) -> list[list[str | None]]:
        """Return the rows of a query of the service's own, as text."""
        result = await self.run(SentStatement(sql.encode(), values))
        return [
            [_text(result.get_value(row, column)) for column in range(result.nfields)] for row in range(result.ntuples)
        ]

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()


def _text(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode()
