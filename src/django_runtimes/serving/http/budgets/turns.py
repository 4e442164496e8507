"""Round-robin scheduling of the connections whose bytes are to be parsed."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

# The time for all connections together in each iteration of the event loop.
_TURN_S = 0.003

TakeTurn = Callable[[], bool]


class Turns:
    """Runs connections in turn, for at most 3 ms in each iteration of the event loop.

    Chunks and frames may be tiny or empty, so parsing them may take a thousand times as long as their size suggests,
    while other clients wait.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[TakeTurn, None] = OrderedDict()
        self._is_due = False

    def wait(self, take_turn: TakeTurn) -> None:
        """Call `take_turn` soon, and again while it returns True."""
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
