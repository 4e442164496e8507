"""Admits as many requests as there are threads; the others wait in order or are rejected."""

import asyncio
from collections import deque


class OverloadedError(Exception):
    """Too many requests wait already, or this one has waited too long."""


class Gate:
    """Slots on one event loop; up to `max_waiting` requests wait for one, each for at most `max_wait_s` seconds."""

    def __init__(self, slots: int, *, max_waiting: int, max_wait_s: float) -> None:
        self._free = slots
        self._max_waiting = max_waiting
        self._max_wait_s = max_wait_s
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a slot; raise OverloadedError if none becomes free in time."""
        if self._free > 0:
            self._free -= 1
            return
        if len(self._waiters) >= self._max_waiting:
            raise OverloadedError
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(self._max_wait_s, _give_up, waiter)
        try:
            await waiter
        except OverloadedError:
            # `leave()` may already have popped this waiter.
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            raise
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif not waiter.cancelled() and waiter.exception() is None:
                # `leave()` handed over the slot just as this waiter was cancelled, so pass the slot on.
                self.leave()
            raise
        finally:
            timer.cancel()

    async def take_place(self) -> "Place":
        """Take a slot that its holder may release early."""
        await self.enter()
        return Place(self)

    def leave(self) -> None:
        """Pass the slot to the next waiter, or free it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1


class Place:
    """A slot of a gate; leaving it more than once releases it only once."""

    def __init__(self, gate: Gate) -> None:
        self._gate: Gate | None = gate

    def leave(self) -> None:
        """Release the slot."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave()


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(OverloadedError())
