"""Limits how many of a pool's connections streams hold at their clients' pace."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic

from psycopg_pool import PoolTimeout, TooManyRequests

# Half as many streams may wait as there are threads for streams by default, so that short queries get the other half.
_WAITING_PER_CONNECTION = 4
# How often unused connections are taken back while streams wait.
_RECLAIM_EVERY_S = 0.1

# One item for each free slot. Unlike a semaphore, a SimpleQueue is safe if a garbage collector that gives a connection
# back interrupts another call on the same thread.
_Slots = SimpleQueue[None]


class StreamPlaces:
    """The connections of one pool that streams may hold while their clients read.

    By default there are as many threads as connections, and synchronous iterators may hold half of them. At least one
    connection remains for short requests, if the pool has three or more.
    """

    def __init__(self, connections: int) -> None:
        self._number = max(1, (connections - 1) // 2)
        self._free = _slots(self._number)
        self._line = _slots(_WAITING_PER_CONNECTION * connections)

    def take(self) -> "StreamPlace | None":
        """Return a place, or None if none is free."""
        return StreamPlace(self._free) if _take(self._free) else None

    def wait(self, timeout_s: float, reclaim: Callable[[], None]) -> "StreamPlace":
        """Return a place; raise PoolTimeout or TooManyRequests if there is none.

        Call this before getting a connection: no thread that holds one may wait for a place. `reclaim` is called while
        waiting, and returns unused connections to the pool.
        """
        if (place := self.take()) is not None:
            return place
        if not _take(self._line):
            raise TooManyRequests("too many streams wait for a connection to keep while their clients read")
        try:
            deadline_s = monotonic() + timeout_s
            while (left_s := deadline_s - monotonic()) > 0:
                reclaim()
                if _take(self._free, min(left_s, _RECLAIM_EVERY_S)):
                    return StreamPlace(self._free)
        finally:
            self._line.put(None)
        raise self.timeout_after(timeout_s)

    def timeout_after(self, waited_s: float) -> PoolTimeout:
        """Return the error for a stream that has waited in vain."""
        return PoolTimeout(
            f"a stream got no connection in {waited_s:g} s: streams may keep {self._number} of the pool's connections, "
            "with a cursor or a transaction, while their clients read, and all of these are in use"
        )


class StreamPlace:
    """One of these connections; leaving it more than once releases it only once."""

    def __init__(self, free: _Slots) -> None:
        self._free = [free]

    def leave(self) -> None:
        """Free the place; callable from any thread."""
        try:
            free = self._free.pop()
        except IndexError:
            return
        free.put(None)


def _slots(number: int) -> _Slots:
    slots: _Slots = SimpleQueue()
    for _ in range(number):
        slots.put(None)
    return slots


def _take(slots: _Slots, timeout_s: float = 0.0) -> bool:
    """Return whether a slot becomes free in time."""
    try:
        slots.get(timeout=timeout_s)
    except Empty:
        return False
    return True
