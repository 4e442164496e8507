"""Whose bytes are parsed next."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

# Of each turn of the event loop, for all of them together.
_TURN_S = 0.003

TakeTurn = Callable[[], bool]


class Turns:
    """Gives turns to many connections one after the other, for 3 ms in each turn of the event loop.

    Chunks and frames may be as small as a byte or none: each costs a thousand times what its bytes cost, and other
    clients wait.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[TakeTurn, None] = OrderedDict()
        self._is_due = False

    def wait(self, take_turn: TakeTurn) -> None:
        """Run `take_turn` soon, and again for as long as it says that there is more to do."""
        self._waiting[take_turn] = None
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + _TURN_S
        try:
            while self._waiting and loop.time() < ends_at:
                take_turn, _ = self._waiting.popitem(last=False)
                if take_turn():
                    self._waiting[take_turn] = None
        finally:
            self._is_due = bool(self._waiting)
            if self._is_due:
                loop.call_soon(self._run)
