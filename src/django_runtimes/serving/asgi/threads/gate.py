"""Admits as many requests as there are threads; the others wait in order, or are sent away."""

import asyncio
from collections import deque


class OverloadedError(Exception):
    """Too many wait already, or this one has waited too long."""


class Gate:
    """Slots for one event loop; `max_waiting` may stand in line for one, each for `max_wait_s` at most."""

    def __init__(self, slots: int, *, max_waiting: int, max_wait_s: float) -> None:
        self._free = slots
        self._max_waiting = max_waiting
        self._max_wait_s = max_wait_s
        self._line: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a slot; OverloadedError when there is none to be had in time."""
        if self._free > 0:
            self._free -= 1
            return
        if len(self._line) >= self._max_waiting:
            raise OverloadedError
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._line.append(turn)
        timer = loop.call_later(self._max_wait_s, _give_up, turn)
        try:
            await turn
        except OverloadedError:
            # Who leaves in the same moment has struck it from the line already.
            if turn in self._line:
                self._line.remove(turn)
            raise
        except asyncio.CancelledError:
            if turn in self._line:
                self._line.remove(turn)
            elif not turn.cancelled() and turn.exception() is None:
                # The slot was handed over in the moment of the cancellation, and not refused.
                self.leave()
            raise
        finally:
            timer.cancel()

    async def take_place(self) -> "Place":
        """A slot that may be given back early."""
        await self.enter()
        return Place(self)

    def leave(self) -> None:
        """Give the slot to the next in line, or back."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Place:
    """A slot of a gate, which is given back once, however often its holder leaves."""

    def __init__(self, gate: Gate) -> None:
        self._gate: Gate | None = gate

    def leave(self) -> None:
        """Give the slot back."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave()


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(OverloadedError())
