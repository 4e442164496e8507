"""Collects the measurements that a deployed service's processes report in their responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.report_signature import ReportSignature
from django_runtimes.compare.deployed.reported_waits import ReportedWaits
from django_runtimes.compare.deployed.reported_work import ReportedWork
from django_runtimes.compare.record.resource_use import ResourceUse
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.targets.target import ColdStart
from django_runtimes.config.values.runtime import Runtime

# Lambda starts such environments before the first request.
_STARTED_BEFORE = frozenset({"provisioned-concurrency", "lambda-managed-instances"})
_SNAPSHOT = "snap-start"


@dataclass
class ReportWindow:
    """The reports of an interval: each process's peak of connections, and the sum of the latest ones at each report."""

    peaks: dict[str, int] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    total: int = 0
    samples: int = 0

    def add(self, process: str, connections: int) -> None:
        """Add one report."""
        self.peaks[process] = max(connections, self.peaks.get(process, 0))
        self.latest[process] = connections
        self.total += sum(self.latest.values())
        self.samples += 1

    @property
    def connections(self) -> SampledConnections:
        """The sum of the peaks and the mean; without reports it has no samples."""
        mean = self.total / self.samples if self.samples else 0.0
        return SampledConnections(sum(self.peaks.values()), mean, self.samples)

    async def stop(self) -> SampledConnections:
        """Return the connections so far."""
        return self.connections


class ProcessReports:
    """Signs requests, and reads the facts in their answers; without a key it does neither.

    A cold start counts if its own request waited for it: it was the first one of an execution environment, and took
    longer than the environment's start.
    """

    def __init__(self, name: DeployedName, key: str | None) -> None:
        self._name = name
        self._signature = ReportSignature(key)
        self._window = ReportWindow()
        self._opened: dict[str, tuple[int, int]] = {}
        self._work = ReportedWork()
        self._waits = ReportedWaits()
        self.cold_starts: list[ColdStart] = []
        self.contradiction: str | None = None

    @property
    def processes(self) -> int:
        """The number of processes that reported."""
        return len(self._opened)

    @property
    def opened(self) -> int | None:
        """The number of connections that the reporting processes opened between their first and last report.

        It includes all connections of a process whose first request was ours; None without reports.
        """
        return sum(last - first for first, last in self._opened.values()) if self._opened else None

    @property
    def resources(self) -> ResourceUse:
        """The CPU time of a request and the peak memory of a process; unknown without reports."""
        return self._work.resources

    @property
    def waits(self) -> WaitCounts:
        """The waits for a connection of a pool in the steady load; none without a pool."""
        return self._waits.waits

    def begin_steady(self) -> None:
        """Leave out the waits so far."""
        self._waits.begin_steady()

    @property
    def notes(self) -> list[str]:
        """Sentences on the limits of these reports."""
        if not self._signature.has_key:
            return [
                "its cold starts and connections are unknown; set WEBAPP_MEASUREMENT_KEY for the service and for this "
                "command"
            ]
        if not self._opened:
            return [
                "its responses had no valid measurements, so its cold starts and connections are unknown; check that "
                "the service has the same WEBAPP_MEASUREMENT_KEY, and that no cache responds instead of it"
            ]
        return [
            f"{len(self._opened)} of its processes reported their connections; each counts with its peak, so the sum "
            "is an upper bound for these processes. Its cold starts were not forced: they are those that a request of "
            "this run waited for"
        ]

    def window(self) -> ReportWindow:
        """Start an interval, which ends the previous one."""
        self._window = ReportWindow()
        return self._window

    def sign(self) -> dict[str, str]:
        """Return the headers with which a request asks for a report."""
        return self._signature.sign()

    def read(self, sent: Mapping[str, str], answered: Mapping[str, str], latency_ms: float) -> None:
        """Read the report in an answer's headers; ignore forged ones and those in answers of a cache."""
        facts = self._signature.facts(sent, answered)
        if facts is not None:
            self.add(facts, latency_ms)

    def add(self, facts: Mapping[str, str], latency_ms: float) -> None:
        """Add the verified facts of an answer."""
        process, served = facts["process"], int(facts["served"])
        self._window.add(process, int(facts["connections"]))
        opened = int(facts["opened"])
        first, last = self._opened.get(process, (0 if served == 0 else opened, opened))
        self._opened[process] = first, max(last, opened)
        self._work.add(process, facts)
        self._waits.add(process, facts)
        self._compare_with_name(facts)
        if facts["runtime"] != Runtime.AWS_LAMBDA or served > 0 or facts["initialization"] in _STARTED_BEFORE:
            return
        # A restored snapshot reports the start of the process that was saved.
        ready_ms = 0.0 if facts["initialization"] == _SNAPSHOT else float(facts["ready_ms"])
        if latency_ms > ready_ms:
            self.cold_starts.append(ColdStart(ready_ms, latency_ms - ready_ms))

    def _compare_with_name(self, facts: Mapping[str, str]) -> None:
        name = self._name
        named = {"runtime": name.runtime, "strategy": name.strategy, "route": name.route}
        checked = named if name.has_data_path else {"runtime": name.runtime}
        for noun, expected in checked.items():
            if facts[noun] != expected:
                self.contradiction = (
                    f"its service reports the {noun} {facts[noun]!r}, and the target's name says {str(expected)!r}; "
                    "correct the name or the URL"
                )
