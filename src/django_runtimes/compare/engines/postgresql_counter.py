"""Counts the connections of PostgreSQL's databases."""

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.counting_errors import cannot_count, gone

# The server has answered before, so this is long enough for a machine that stands still for some seconds.
_CONNECT_TIMEOUT_S = 30
_HELD = (
    "SELECT datname, count(*) FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND datname = ANY(%s) GROUP BY datname"
)
_OPENED = "SELECT sessions FROM pg_stat_database WHERE datname = %s"
_TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"


class PostgresqlCounter:
    """Reads pg_stat_activity and pg_stat_database on one connection to a database that no target uses.

    The role must be a superuser, the targets' own role or a member of pg_read_all_stats.
    """

    def __init__(self, administration_url: str) -> None:
        self._url = administration_url

    async def open(self) -> None:
        """Connect."""
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
            )
        except psycopg.Error as error:
            raise cannot_count(error) from error

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    async def held(self, databases: Sequence[str]) -> dict[str, int]:
        """Return how many connections each database has now."""
        try:
            cursor = await self._connection.execute(_HELD, [list(databases)])
            return dict(await cursor.fetchall())
        except psycopg.Error as error:
            raise cannot_count(error) from error

    async def opened(self, database: str) -> int:
        """Return pg_stat_database.sessions, which backends report late."""
        return await self._counted(_OPENED, database)

    async def transactions(self, database: str) -> int:
        """Return the number of all clients' transactions that their backends have reported so far."""
        return await self._counted(_TRANSACTIONS, database)

    async def _counted(self, query: LiteralString, database: str) -> int:
        try:
            cursor = await self._connection.execute(query, [database])
            row = await cursor.fetchone()
        except psycopg.Error as error:
            raise cannot_count(error) from error
        if row is None:
            raise CompareError(gone(database))
        count: int = row[0]
        return count
