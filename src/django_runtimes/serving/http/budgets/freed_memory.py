"""Gives the memory back that many connections have left behind."""

import ctypes
from collections.abc import Callable

# Fewer leave too little.
_CONNECTIONS = 32
# What they held is freed in the seconds after they have left, so that it is given back after 4, 8 and 12.
_AFTER_S = 12
_EVERY_S = 4


class FreedMemory:
    """Has glibc return what it keeps of freed memory, once many connections have ended.

    It keeps whatever lies below the highest block in use: after a flood 20 MB and more. Other C libraries are left
    alone.
    """

    def __init__(self, trim: Callable[[int], int] | None = None) -> None:
        self._trim = trim or _trim()
        self._most = self._left_s = 0

    def note(self, connections: int) -> None:
        """So many are open now; called every second."""
        self._most = max(self._most, connections)
        if self._most - connections >= _CONNECTIONS:
            self._most = connections
            self._left_s = _AFTER_S
        elif self._left_s:
            self._left_s -= 1
            if self._left_s % _EVERY_S == 0 and self._trim is not None:
                # A millisecond for ten megabytes.
                self._trim(0)


def _trim() -> Callable[[int], int] | None:
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
