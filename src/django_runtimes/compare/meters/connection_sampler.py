"""Counts the database connections that a target holds and opens during a measurement."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.compared_engine import ConnectionCounter
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.record.timeline import BackendTimeline, TimelineRecorder

_POLL_INTERVAL_S = 0.1
# A backend reports a new session when it first becomes idle or ends, so a counter that was the same in so many readings
# includes all of a finished burst. A counter that keeps changing is read after the second number. A machine that stands
# still for a while does so between two readings.
_SAME_READINGS = 5
_MOST_READINGS = 50


class ConnectionSampler:
    """Samples the held connections at a constant rate.

    After sampling has failed, all open and later windows raise CompareError with the cause.
    """

    def __init__(self, counter: ConnectionCounter, databases: Sequence[str], rate_hz: float = 20.0) -> None:
        self._counter = counter
        self._databases = tuple(databases)
        self._interval_s = 1 / rate_hz
        self._windows: set[Window] = set()
        self._failure: CompareError | None = None
        self._timelines = {database: TimelineRecorder() for database in self._databases}
        self._started_s = time.monotonic()

    async def __aenter__(self) -> Self:
        await self._counter.open()
        self._started_s = time.monotonic()
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
        await self._counter.close()

    def window(self, database: str) -> "Window":
        """Start an interval for one of the sampler's databases; its `stop` returns the result."""
        if database not in self._databases:
            raise ValueError(f"{database!r} is not a sampled database; choose one of: {', '.join(self._databases)}")
        window = Window(self, database)
        self._windows.add(window)
        return window

    @property
    def elapsed_s(self) -> float:
        """The time since the sampling began."""
        return time.monotonic() - self._started_s

    def timeline(self, database: str) -> BackendTimeline:
        """Return the backends of a database since the sampling began."""
        return self._timelines[database].timeline()

    async def opened(self, database: str) -> int:
        """Return the number of connections opened so far, short ones included.

        A server may count late, so wait until the counter has not changed for half a second, at most five seconds. It
        counts all clients, so the number for an interval is the difference between two readings.
        """
        count, same = await self.sessions(database), 0
        for _ in range(_MOST_READINGS):
            if same == _SAME_READINGS:
                break
            await asyncio.sleep(_POLL_INTERVAL_S)
            latest = await self.sessions(database)
            count, same = latest, same + 1 if latest == count else 0
        return count

    async def transactions(self, database: str) -> int:
        """Return the number of all clients' transactions that their backends have reported so far."""
        return await self._counter.transactions(database)

    async def _close(self, window: "Window") -> None:
        # Take a last sample, so that even the shortest interval has one and a failure is detected here.
        if self._failure is None:
            await self._sample()
        self._windows.discard(window)
        if self._failure is not None:
            # Each window raises an error of its own, since a shared one would collect the frames of all windows.
            raise CompareError(str(self._failure))

    async def _sample_steadily(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._failure is None:
            await self._sample()
            # After a late sample, keep the interval instead of catching up.
            due = max(due + self._interval_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _sample(self) -> None:
        windows = tuple(self._windows)
        try:
            held = await self._counter.held(self._databases)
        except CompareError as error:
            self._failure = error
            return
        for database, timeline in self._timelines.items():
            timeline.add(self.elapsed_s, held.get(database, 0))
        for window in windows:
            window.add(held.get(window.database, 0))

    async def sessions(self, database: str) -> int:
        """Return the number of opened connections that their backends have reported so far."""
        return await self._counter.opened(database)


class ConnectionWindow(Protocol):
    """An interval in which connections are counted."""

    async def stop(self) -> SampledConnections:
        """End the interval and return its result."""
        ...


class Window:
    """One interval of a sampler, from its creation to `stop`."""

    def __init__(self, sampler: ConnectionSampler, database: str) -> None:
        self.database = database
        self._sampler = sampler
        self._peak = 0
        self._sum = 0
        self.samples = 0

    def add(self, held: int) -> None:
        """Add one sample to the interval."""
        self._peak = max(self._peak, held)
        self._sum += held
        self.samples += 1

    async def stop(self) -> SampledConnections:
        """End the interval and return its result; raise CompareError when sampling has failed."""
        await self._sampler._close(self)
        return SampledConnections(self._peak, self._sum / self.samples, self.samples)
