"""Counts the connections of MariaDB's databases."""

import asyncio
from collections.abc import Sequence
from typing import Any

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.counting_errors import cannot_count, gone
from django_runtimes.compare.engines.mariadb_session import connect_to, driver_error

_HELD = "SELECT DB, COUNT(*) FROM information_schema.PROCESSLIST WHERE DB IN %s GROUP BY DB"
_EXISTS = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s"
# Each database has a user of its own with its name; the server counts users, and no databases.
_OPENED = "SELECT COALESCE(SUM(TOTAL_CONNECTIONS), 0) FROM information_schema.USER_STATISTICS WHERE USER = %s"
_TRANSACTIONS = (
    "SELECT COALESCE(SUM(COMMIT_TRANSACTIONS + ROLLBACK_TRANSACTIONS), 0) "
    "FROM information_schema.USER_STATISTICS WHERE USER = %s"
)


class MariadbCounter:
    """Reads the process list and the statistics of users on one connection of the administrator."""

    def __init__(self, administration_url: str) -> None:
        self._url = administration_url
        # PyMySQL's connection serves one statement at a time.
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Connect."""
        try:
            self._connection = await asyncio.to_thread(connect_to, self._url)
        except driver_error() as error:
            raise cannot_count(error) from error

    async def close(self) -> None:
        """Disconnect, once a statement that is running has ended."""
        async with self._lock:
            self._connection.close()

    async def held(self, databases: Sequence[str]) -> dict[str, int]:
        """Return how many connections each database has now."""
        if not databases:
            return {}
        return {name: int(count) for name, count in await self._rows(_HELD, tuple(databases))}

    async def opened(self, database: str) -> int:
        """Return how many connections the database's user has opened."""
        return await self._counted(_OPENED, database)

    async def transactions(self, database: str) -> int:
        """Return how many transactions of the database's user have ended."""
        return await self._counted(_TRANSACTIONS, database)

    async def _counted(self, query: str, database: str) -> int:
        ((exists,),) = await self._rows(_EXISTS, database)
        if not exists:
            raise CompareError(gone(database))
        ((count,),) = await self._rows(query, database)
        return int(count)

    async def _rows(self, query: str, value: object) -> Sequence[tuple[Any, ...]]:
        def ask() -> Sequence[tuple[Any, ...]]:
            with self._connection.cursor() as cursor:
                cursor.execute(query, (value,))
                return tuple(cursor.fetchall())

        async with self._lock:
            try:
                # A thread that was started goes on after a cancellation, so the lock waits for it.
                return await asyncio.shield(asyncio.to_thread(ask))
            except driver_error() as error:
                raise cannot_count(error) from error
