"""What the connections of one worker may hold together."""

from collections import OrderedDict
from typing import Protocol


class ByteHolder(Protocol):
    """A connection that holds what is not parsed, or not taken by the application."""

    def give_bytes_up(self) -> None:
        """End, and hold nothing any more."""


class ByteBudget:
    """Ends the connections that got on longest ago while all together hold more than `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0
        # The one that got on longest ago is the first.
        self._holders: OrderedDict[ByteHolder, int] = OrderedDict()

    def note(self, holder: ByteHolder, held_bytes: int, *, got_on: bool = False) -> None:
        """`holder` holds so much now; `got_on` says that something of it has just been taken."""
        self.held_bytes += held_bytes - self._holders.get(holder, 0)
        if got_on or not held_bytes:
            self._holders.pop(holder, None)
        if held_bytes:
            self._holders[holder] = held_bytes
        while self.held_bytes > self._max_bytes:
            oldest, its_bytes = self._holders.popitem(last=False)
            self.held_bytes -= its_bytes
            oldest.give_bytes_up()
