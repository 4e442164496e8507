"""Waits for the moments at which requests are due."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Timers are accurate to about a millisecond, so a wait uses a timer until this long before its moment, and then yields
# to other requests until the moment has come.
_TIMER_SLACK_S = 0.001_5
# A turn of the event loop that takes less than this has served no request.
_IDLE_TURN_S = 0.000_03


class Pace:
    """Waits for one moment after another, and adds up the time in which the loop had nothing else to do."""

    def __init__(self) -> None:
        self.idle_s = 0.0

    async def wait_until(self, moment: float) -> None:
        """Return at this moment of time.perf_counter(), or at once if it has passed."""
        remaining_s = moment - time.perf_counter()
        if remaining_s > _TIMER_SLACK_S:
            await asyncio.sleep(remaining_s - _TIMER_SLACK_S)
        while (now := time.perf_counter()) < moment:
            await asyncio.sleep(0)
            turn_s = time.perf_counter() - now
            if turn_s < _IDLE_TURN_S:
                self.idle_s += turn_s


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Postpone the search for reference cycles, which delays the requests that are due for up to 10 ms."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
