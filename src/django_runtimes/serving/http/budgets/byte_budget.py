"""A limit on the bytes that the connections of one worker hold together."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Protocol

# This is added to the age of each holder, so that size decides among young holders.
_ADDED_AGE_S = 5.0
_NO_ENTRY = (0, 0)


class ByteHolder(Protocol):
    """A connection with bytes that are unparsed or that the application has not received."""

    def release_bytes(self) -> None:
        """Close, and drop the bytes."""


class ByteBudget:
    """Closes the connections that hold the most bytes for the longest time until all hold at most `max_bytes` together.

    The measure is bytes times seconds. By size alone, idle clients that each hold a little less than a message could
    block all messages forever; by time alone, each new large holder would close many old small ones.

    Holders whose sizes round up to the same power of two share a queue, the oldest first, so that the choice takes the
    same time for any number of holders.
    """

    def __init__(self, max_bytes: int, *, clock: Callable[[], float]) -> None:
        """Create an empty budget; `clock` returns seconds."""
        self._max_bytes = max_bytes
        self._clock = clock
        self.held_bytes = 0
        # The bytes and the queue of each holder.
        self._holders: dict[ByteHolder, tuple[int, int]] = {}
        # The queues by the bit length of their holders' sizes; the value is the time at which the holder joined.
        self._lines: defaultdict[int, OrderedDict[ByteHolder, float]] = defaultdict(OrderedDict)

    def note(self, holder: ByteHolder, held_bytes: int, *, made_progress: bool = False) -> None:
        """Record how many bytes `holder` holds; `made_progress` declares that some were just processed.

        Without progress, `holder` stays in the queue of its largest size: otherwise alternating sizes would reset its
        age.
        """
        before, line = self._holders.get(holder, _NO_ENTRY)
        self.held_bytes += held_bytes - before
        if not held_bytes:
            self._remove(holder)
            return
        next_line = held_bytes.bit_length() if made_progress else max(held_bytes.bit_length(), line)
        self._holders[holder] = held_bytes, next_line
        if made_progress or next_line != line:
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
        holder.release_bytes()

    def _remove(self, holder: ByteHolder) -> None:
        _, line = self._holders.pop(holder, _NO_ENTRY)
        self._lines[line].pop(holder, None)
