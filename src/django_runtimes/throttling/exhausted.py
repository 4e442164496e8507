"""Remembers which counters have reached their limit, so that a flood does not ask the store for each request."""

from threading import Lock

# For this time a process does not ask the store again. An outage of the store is thus noticed as soon.
_TRUSTED_S = 1.0
# Beyond this number, the oldest are forgotten; the store is asked about them again.
_MOST = 10_000


class ExhaustedCounters:
    """The counters that have just reached their limit; for all threads.

    A counter never decreases within its window, so the answer is exact. A flood costs the store one write a second for
    each process, and cannot make DynamoDB throttle the counter's key.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._trusted_until_s: dict[str, float] = {}

    def has(self, key: str, now_s: float) -> bool:
        """Return whether a counter is known to have reached its limit."""
        return self._trusted_until_s.get(key, 0.0) > now_s

    def add(self, key: str, now_s: float) -> None:
        """Remember a counter, whose key names its window."""
        with self._lock:
            self._trusted_until_s.pop(key, None)
            self._trusted_until_s[key] = now_s + _TRUSTED_S
            if len(self._trusted_until_s) > _MOST:
                live = [(kept, until_s) for kept, until_s in self._trusted_until_s.items() if until_s > now_s]
                self._trusted_until_s = dict(live[-_MOST // 2 :])
