"""Counts the database connections that a target holds and opens while it is measured."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import LiteralString, Self

import psycopg

from django_runtimes.compare.compare_error import CompareError

_CONNECT_TIMEOUT_S = 5
_POLL_INTERVAL_S = 0.1
# A backend reports a new session when it first falls idle or ends, so that a counter which has not
# moved for this long has everything of a burst that is over; one that always moves is read anyway.
_STABLE_AFTER_S = 0.5
_STABLE_WITHIN_S = 5.0

_HELD = (
    "SELECT datname, count(*) FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND datname = ANY(%s) GROUP BY datname"
)
_OPENED = "SELECT sessions FROM pg_stat_database WHERE datname = %s"
_TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"


@dataclass(frozen=True)
class SampledConnections:
    """Backends of one database over an interval; a lower bound, as samples miss short connections."""

    peak: int
    mean: float
    samples: int


class ConnectionSampler:
    """Reads pg_stat_activity at a steady rate, on one connection to a database no target uses.

    A role other than a superuser must be the targets' own, or a member of pg_read_all_stats. When
    sampling fails, every window that is open or opened later raises CompareError with the cause.
    """

    def __init__(self, administration_url: str, databases: Sequence[str], rate_hz: float = 20.0) -> None:
        self._url = administration_url
        self._databases = tuple(databases)
        self._interval_s = 1 / rate_hz
        self._windows: set[Window] = set()
        self._failure: CompareError | None = None

    async def __aenter__(self) -> Self:
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
            )
        except psycopg.Error as error:
            raise _failure(error) from error
        self._task = asyncio.create_task(self._sample_steadily())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._connection.close()

    def window(self, database: str) -> "Window":
        """Begin to measure one of the sampler's databases; `stop` the window for the result."""
        if database not in self._databases:
            raise ValueError(f"{database!r} is not sampled; the sampler has {', '.join(self._databases)}")
        window = Window(self, database)
        self._windows.add(window)
        return window

    async def opened(self, database: str) -> int:
        """Connections opened to the database so far, however short, by pg_stat_database.sessions.

        The server's backends report late, so this waits until the counter stands still for half a
        second, and for five at most. Every client counts: subtract two readings around an interval.
        """
        loop = asyncio.get_running_loop()
        started = changed = loop.time()
        count = await self._sessions(database)
        while loop.time() - changed < _STABLE_AFTER_S and loop.time() - started < _STABLE_WITHIN_S:
            await asyncio.sleep(_POLL_INTERVAL_S)
            latest = await self._sessions(database)
            if latest != count:
                count, changed = latest, loop.time()
        return count

    async def transactions(self, database: str) -> int:
        """Transactions on the database so far, of backends that have ended or reported; every client counts."""
        return await self._counted(_TRANSACTIONS, database)

    async def _close(self, window: "Window") -> None:
        # One sample of its own, so that the shortest interval has one, and a failure is seen here.
        if self._failure is None:
            await self._sample()
        self._windows.discard(window)
        if self._failure is not None:
            raise self._failure

    async def _sample_steadily(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._failure is None:
            await self._sample()
            # A late sample does not make the next ones crowd together.
            due = max(due + self._interval_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _sample(self) -> None:
        windows = tuple(self._windows)
        try:
            cursor = await self._connection.execute(_HELD, [list(self._databases)])
            held: dict[str, int] = dict(await cursor.fetchall())
        except psycopg.Error as error:
            self._failure = _failure(error)
            return
        for window in windows:
            window.add(held.get(window.database, 0))

    async def _sessions(self, database: str) -> int:
        return await self._counted(_OPENED, database)

    async def _counted(self, query: LiteralString, database: str) -> int:
        try:
            cursor = await self._connection.execute(query, [database])
            row = await cursor.fetchone()
        except psycopg.Error as error:
            raise _failure(error) from error
        if row is None:
            raise CompareError(f"the database {database!r} does not exist, so its connections cannot be counted")
        count: int = row[0]
        return count


class Window:
    """One interval of a sampler, from its making to `stop`."""

    def __init__(self, sampler: ConnectionSampler, database: str) -> None:
        self.database = database
        self._sampler = sampler
        self._peak = 0
        self._sum = 0
        self.samples = 0

    def add(self, held: int) -> None:
        """Take one sample into the interval."""
        self._peak = max(self._peak, held)
        self._sum += held
        self.samples += 1

    async def stop(self) -> SampledConnections:
        """End the interval; raises CompareError when sampling has failed meanwhile."""
        await self._sampler._close(self)
        return SampledConnections(self._peak, self._sum / self.samples, self.samples)


def _failure(error: psycopg.Error) -> CompareError:
    cause = " ".join(str(error).split())
    return CompareError(f"the database's connections cannot be counted: {cause}; check that the server still runs")
