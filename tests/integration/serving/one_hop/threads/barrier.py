"""A barrier that holds views until the test releases them."""

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
        """Hold a synchronous view until the barrier opens; raise TimeoutError after `TIMEOUT_S`."""
        self._arrive()
        if not self._opened.wait(TIMEOUT_S):
            raise TimeoutError

    async def astop(self) -> None:
        """Hold an asynchronous view until the barrier opens; raise TimeoutError after `TIMEOUT_S`."""
        self._arrive()
        async with asyncio.timeout(TIMEOUT_S):
            # An asyncio.Event belongs to one loop, and the test may run on another.
            while not self._opened.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def reached(self, arrivals: int = 1) -> None:
        """Wait until `arrivals` views have reached the barrier since it was created or closed."""
        await eventually(lambda: self.arrivals >= arrivals)

    def open(self) -> None:
        """Release all held views, and let later ones pass."""
        self._opened.set()

    def close(self) -> None:
        """Hold views again, like a new barrier."""
        self._opened.clear()
        self.arrivals = 0
