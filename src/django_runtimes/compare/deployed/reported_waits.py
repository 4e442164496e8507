"""The waits for a connection that the processes of a deployed service report."""

from collections.abc import Mapping

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.config.values.wait_buckets import read_waits


class ReportedWaits:
    """The waits of each process between its first and its latest report in the steady load."""

    def __init__(self) -> None:
        self._first: dict[str, WaitCounts] = {}
        self._latest: dict[str, WaitCounts] = {}

    def begin_steady(self) -> None:
        """Leave out the waits so far."""
        self._first = dict(self._latest)

    def add(self, process: str, facts: Mapping[str, str]) -> None:
        """Add a report; one of an earlier version of the library has no buckets."""
        if "pool_waits" not in facts:
            return
        waits = WaitCounts.of_buckets(*read_waits(facts["pool_waits"]))
        # Responses of one process may arrive in another order.
        self._latest[process] = max(waits, self._latest.get(process, waits), key=_number)
        self._first[process] = min(waits, self._first.get(process, waits), key=_number)

    @property
    def waits(self) -> WaitCounts:
        """The waits of all processes."""
        return WaitCounts.sum(latest.since(self._first[process]) for process, latest in self._latest.items())


def _number(waits: WaitCounts) -> int:
    return waits.number
