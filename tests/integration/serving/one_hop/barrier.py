"""Where a view stops until its test lets it go on."""

import asyncio
import threading

from tests.integration.serving.one_hop.exchange import TIMEOUT_S, eventually


class Barrier:
    """Holds views, synchronous and asynchronous, until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._lock = threading.Lock()
        self.arrivals = 0

    def _arrive(self) -> None:
        with self._lock:
            self.arrivals += 1

    def stop(self) -> None:
        """A synchronous view's part."""
        self._arrive()
        if not self._opened.wait(TIMEOUT_S):
            raise TimeoutError

    async def astop(self) -> None:
        """An asynchronous view's part."""
        self._arrive()
        async with asyncio.timeout(TIMEOUT_S):
            # asyncio's own events belong to one loop, and the test may run on another.
            while not self._opened.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def reached(self, arrivals: int = 1) -> None:
        """Wait until so many have stopped here since the start."""
        await eventually(lambda: self.arrivals >= arrivals)

    def open(self) -> None:
        """Let all go on, the late ones included."""
        self._opened.set()

    def close(self) -> None:
        """Hold from now on, as a new one does."""
        self._opened.clear()
        self.arrivals = 0
