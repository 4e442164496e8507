"""Counts the calls of each database, for which the service is paid."""

from collections import defaultdict
from typing import NamedTuple, Self

# Not the service's: GET on this path with the name of a database returns its counts.
COUNTS_PATH = "/calls/"
_BYTES_PER_KB = 1_024


class CallCounts(NamedTuple):
    """The number of calls so far, and the bytes of their requests and answers."""

    calls: int = 0
    sent_bytes: int = 0

    def since(self, earlier: Self) -> "CallCounts":
        """Return the calls that came after `earlier`."""
        return CallCounts(self.calls - earlier.calls, self.sent_bytes - earlier.sent_bytes)

    @property
    def mean_kb(self) -> float | None:
        """The mean size of a call with its answer; None without calls."""
        return self.sent_bytes / self.calls / _BYTES_PER_KB if self.calls else None


class CallMeter:
    """The counts of each database."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, CallCounts] = defaultdict(CallCounts)

    def note(self, database: str, sent_bytes: int) -> None:
        """Add a call."""
        before = self._counts[database]
        self._counts[database] = CallCounts(before.calls + 1, before.sent_bytes + sent_bytes)

    def of(self, database: str) -> CallCounts:
        """Return the calls of a database so far."""
        return self._counts.get(database, CallCounts())
