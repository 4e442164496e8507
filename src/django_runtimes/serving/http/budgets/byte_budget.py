"""A limit on the bytes that the connections of one worker hold together."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Protocol

# Every holder counts as this much older than it is, so that size decides between holders that are younger.
_ADDED_AGE_S = 5.0
_NOTHING = (0, 0)


class ByteHolder(Protocol):
    """A connection that holds bytes that are not parsed, or that the application has not taken."""

    def give_bytes_up(self) -> None:
        """End, and hold nothing any more."""


class ByteBudget:
    """Ends the connection that holds most for longest, until all together hold at most `max_bytes`.

    Bytes are multiplied by seconds. By size alone, idle clients that each hold a little less than a message could
    keep every message out for ever; by time alone, each new large holder would end many old small ones.

    Holders of about the same size, up to the same power of two, stand in one line, the oldest first. So the choice
    takes the same time for any number of holders.
    """

    def __init__(self, max_bytes: int, *, clock: Callable[[], float]) -> None:
        """`clock` returns seconds."""
        self._max_bytes = max_bytes
        self._clock = clock
        self.held_bytes = 0
        # The bytes of each holder, and its line.
        self._holders: dict[ByteHolder, tuple[int, int]] = {}
        # The lines by the number of bits of their sizes. Each holder has the time at which it came there.
        self._lines: defaultdict[int, OrderedDict[ByteHolder, float]] = defaultdict(OrderedDict)

    def note(self, holder: ByteHolder, held_bytes: int, *, got_on: bool = False) -> None:
        """Record that `holder` holds so much now; `got_on` says that some of it has just been taken.

        Until then it stays in the line of its largest size: swinging sizes would make it young again.
        """
        before, line = self._holders.get(holder, _NOTHING)
        self.held_bytes += held_bytes - before
        if not held_bytes:
            self._remove(holder)
            return
        next_line = held_bytes.bit_length() if got_on else max(held_bytes.bit_length(), line)
        self._holders[holder] = held_bytes, next_line
        if got_on or next_line != line:
            self._lines[line].pop(holder, None)
            self._lines[next_line][holder] = self._clock()
        while self.held_bytes > self._max_bytes:
            self._end_one()

    def _end_one(self) -> None:
        now = self._clock() + _ADDED_AGE_S
        oldest = [(line, *next(iter(holders.items()))) for line, holders in self._lines.items() if holders]
        _, holder, _ = max(oldest, key=lambda each: 2 ** each[0] * (now - each[2]))
        self.held_bytes -= self._holders[holder][0]
        self._remove(holder)
        holder.give_bytes_up()

    def _remove(self, holder: ByteHolder) -> None:
        _, line = self._holders.pop(holder, _NOTHING)
        self._lines[line].pop(holder, None)
