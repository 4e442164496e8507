"""Counts in the memory of this process."""

import time
from threading import Lock

# With more counters, the oldest are forgotten: a flood from many addresses must not fill the memory.
_MOST = 100_000


class MemoryCounter:
    """Counts for the threads of this process alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, tuple[int, int]] = {}
        self._sweeps_at = 1024

    def count(self, key: str, limit: int, expires_at: int) -> int:
        """Count one more, and return the new count."""
        with self._lock:
            count = self._counts.get(key, (0, 0))[0] + 1
            self._counts[key] = (count, expires_at)
            if len(self._counts) >= self._sweeps_at:
                self._sweep()
            return count

    def close(self) -> None:
        """Do nothing, since memory has no connections."""

    def _sweep(self) -> None:
        """Forget expired counters, and the oldest beyond the largest number."""
        now_s = time.time()
        kept = {key: entry for key, entry in self._counts.items() if entry[1] > now_s}
        for key in list(kept)[: max(0, len(kept) - _MOST // 2)] if len(kept) >= _MOST else ():
            del kept[key]
        self._counts = kept
        self._sweeps_at = min(max(1024, 2 * len(kept)), _MOST)
