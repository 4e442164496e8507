"""Returns freed memory to the operating system after many connections have closed."""

import ctypes
from collections.abc import Callable

# Fewer closed connections free too little memory.
_MIN_CLOSED = 32
# Python frees the memory of connections in the seconds after they close, so it is returned after 4, 8 and 12 seconds.
_TRIM_FOR_S = 12
_TRIM_EVERY_S = 4


class FreedMemory:
    """Makes glibc return freed memory to the operating system once many connections have closed.

    glibc keeps all memory below the highest block in use, 20 MB and more after a flood. With other C
    libraries this does nothing.
    """

    def __init__(self, trim: Callable[[int], int] | None = None) -> None:
        self._trim = trim or _trim()
        self._peak = self._remaining_s = 0

    def note(self, connections: int) -> None:
        """Record the number of open connections; called every second."""
        self._peak = max(self._peak, connections)
        if self._peak - connections >= _MIN_CLOSED:
            self._peak = connections
            self._remaining_s = _TRIM_FOR_S
        elif self._remaining_s:
            self._remaining_s -= 1
            if self._remaining_s % _TRIM_EVERY_S == 0 and self._trim is not None:
                # Trimming takes a millisecond per ten megabytes, so it does not run every second.
                self._trim(0)


def _trim() -> Callable[[int], int] | None:
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
