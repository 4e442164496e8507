"""The CPU time and memory that the processes of a deployed service report."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from django_runtimes.compare.record.resource_use import ResourceUse


class _Work(NamedTuple):
    """What a process has done since its start."""

    served: int
    cpu_ms: float

    @classmethod
    def of_facts(cls, facts: Mapping[str, str]) -> Self:
        return cls(int(facts["served"]), float(facts["cpu_ms"]))


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

    def _sum(self, name: str) -> float:
        return sum(
            float(getattr(latest, name) - getattr(self._first[process], name))
            for process, latest in self._latest.items()
        )
