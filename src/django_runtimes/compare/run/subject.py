"""A target during a measurement, with its results so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from django_runtimes.compare.diagnosis.diagnose import Examined
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.ledger import Ledger, Reconciliation
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.run.capacity import Capacity
from django_runtimes.compare.run.connection_sampler import SampledConnections
from django_runtimes.compare.run.results import Ambiguous, ConnectionCounts, ScenarioResult, TargetResult
from django_runtimes.compare.run.timeline import BackendTimeline
from django_runtimes.compare.targets.cold_starts import ColdStarts
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import ColdStart, Target
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.runtime import Runtime

LABEL = "emulated"

ScenarioKey = tuple[str, float | None]


@dataclass
class Subject:
    """A target of a run; `failure` is set once, and ends its measurement."""

    name: TargetName
    database: str
    ledger: Ledger
    target: Target
    environ: Mapping[str, str]
    # Whether the processes have a task's CPU and memory limits, as the containers of an image have.
    has_limits: bool = False
    failure: str | None = None
    users: tuple[VirtualUser, ...] = ()
    blocks: dict[ScenarioKey, dict[int, Block]] = field(default_factory=lambda: defaultdict(dict))
    windows: dict[ScenarioKey, list[SampledConnections]] = field(default_factory=lambda: defaultdict(list))
    capacities: dict[str, Capacity] = field(default_factory=dict)
    cold_starts: list[ColdStart] = field(default_factory=list)
    # Only the durations in the steady blocks.
    handler_durations_ms: list[float] = field(default_factory=list)
    opened: int | None = None
    transactions: int | None = None
    rows: Reconciliation | None = None
    backends: BackendTimeline = field(default_factory=BackendTimeline)

    def add(self, key: ScenarioKey, index: int, block: Block, connections: SampledConnections) -> None:
        """Add one block and the connections that were held during it."""
        self.blocks[key][index] = block
        self.windows[key].append(connections)

    @property
    def examined(self) -> Examined:
        """The inputs of a diagnosis."""
        return Examined(str(self.name), self.environ, self.database, self.target.logs)

    @property
    def details(self) -> dict[str, str]:
        """The evidence for the runtime and the target's details, for the run's record."""
        return {"detected by": detect_runtime(self.environ).evidence, **self.target.details}

    def result(self) -> TargetResult:
        """Return the target's result; a failed target has the measurements before its failure."""
        failed = failed_result(self.name, self.failure or "")
        rows = self.rows
        return replace(
            failed,
            status="measured" if self.failure is None else "failed",
            error=self.failure,
            scenarios=tuple(
                ScenarioResult.of_blocks(*key, blocks, _counts(self.windows[key], opened=None))
                for key, blocks in sorted(self.blocks.items(), key=_in_reports)
            ),
            cold_start_ms=ColdStarts.of_phases(
                [start.ready_ms for start in self.cold_starts],
                [start.first_response_ms for start in self.cold_starts],
                [start.phases for start in self.cold_starts],
            ),
            connections=_counts([window for windows in self.windows.values() for window in windows], self.opened),
            transactions=self.transactions,
            usage=self._usage(),
            capacities=dict(self.capacities),
            backends=self.backends,
            acknowledged_writes=self.ledger.acknowledged,
            ambiguous=Ambiguous(self.ledger.ambiguous, None if rows is None else rows.ambiguous_committed),
            rows_found=None if rows is None else rows.rows_found,
        )

    def _usage(self) -> dict[str, float]:
        """Return the values measured for the target's bill, by KEY of `webapp cost --set`."""
        usage = {}
        if self.handler_durations_ms:
            usage["duration_ms"] = round(fmean(self.handler_durations_ms), 3)
        # Without limits a server has another share of a CPU than a task on AWS. A function serves one request at a
        # time.
        comparable = self.has_limits and self.name.runtime is not Runtime.AWS_LAMBDA
        if comparable and self.capacities and all(each.is_certain for each in self.capacities.values()):
            usage["capacity_rps"] = round(min(each.rate_rps for each in self.capacities.values()), 2)
        return usage


def _in_reports(item: tuple[ScenarioKey, object]) -> tuple[bool, str, float]:
    """Order the steady scenarios by name and rate, and the bursts after them."""
    (name, rate_rps), _ = item
    return rate_rps is None, name, rate_rps or 0.0


def failed_result(name: TargetName, error: str) -> TargetResult:
    """Return the result of a target without measurements."""
    return TargetResult.failed(
        name=str(name),
        runtime=name.runtime.value,
        strategy=name.strategy.value,
        route=name.route.value,
        label=LABEL,
        error=error,
    )


def _counts(windows: Sequence[SampledConnections], opened: int | None) -> ConnectionCounts:
    samples = sum(window.samples for window in windows)
    if samples == 0:
        return ConnectionCounts(peak=None, mean=None, opened=opened)
    return ConnectionCounts(
        peak=max(window.peak for window in windows),
        mean=round(sum(window.mean * window.samples for window in windows) / samples, 2),
        opened=opened,
    )
