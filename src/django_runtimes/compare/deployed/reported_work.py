"""The CPU time, memory and waits that the processes of a deployed service report."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.record.resource_use import ResourceUse

_US_PER_MS = 1_000


class _Work(NamedTuple):
    """What a process has done since its start."""

    served: int
    cpu_ms: float
    pool_requests: int
    pool_wait_ms: float

    @classmethod
    def of_facts(cls, facts: Mapping[str, str]) -> Self:
        return cls(
            int(facts["served"]),
            float(facts["cpu_ms"]),
            int(facts["pool_requests"]),
            float(facts["pool_wait_ms"]),
        )


class ReportedWork:
    """The work of each process between its first and its latest report, for the requests of all clients."""

    def __init__(self) -> None:
        self._first: dict[str, _Work] = {}
        self._latest: dict[str, _Work] = {}
        self._peak_rss_mb: float | None = None

    def add(self, process: str, facts: Mapping[str, str]) -> None:
        """Add a report; one of an earlier version of the library has no such facts."""
        if "cpu_ms" not in facts:
            return
        work = _Work.of_facts(facts)
        # Responses of one process may arrive in another order.
        self._first[process] = min(work, self._first.get(process, work))
        self._latest[process] = max(work, self._latest.get(process, work))
        self._peak_rss_mb = max(self._peak_rss_mb or 0.0, float(facts["peak_rss_mb"]))

    @property
    def resources(self) -> ResourceUse:
        """The CPU time of a request, and the largest peak of memory; unknown without two reports of one process."""
        served = self._sum("served")
        cpu_ms = round(self._sum("cpu_ms") / served, 3) if served else None
        return ResourceUse(cpu_ms, self._peak_rss_mb)

    @property
    def waits(self) -> WaitCounts:
        """The waits for a connection of a pool, without their buckets; none without a pool."""
        return WaitCounts(int(self._sum("pool_requests")), int(self._sum("pool_wait_ms") * _US_PER_MS), None)

    def _sum(self, name: str) -> float:
        return sum(
            float(getattr(latest, name) - getattr(self._first[process], name))
            for process, latest in self._latest.items()
        )
