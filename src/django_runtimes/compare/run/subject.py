"""A target during a measurement, with its results so far."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from django_runtimes.compare.analysis.implausible_capacity import SimilarKey, similar_key
from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.measured_deployment import MeasuredDeployment
from django_runtimes.compare.deployed.process_reports import ReportWindow
from django_runtimes.compare.diagnosis.diagnose import Examined
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger, Reconciliation
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler, ConnectionWindow
from django_runtimes.compare.meters.process_meter import ProcessMeter
from django_runtimes.compare.meters.steady_opens import SteadyOpens
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.record.pin_counts import PinCounts
from django_runtimes.compare.record.resource_use import ResourceUse
from django_runtimes.compare.record.results import Ambiguous, ConnectionCounts, ScenarioResult, TargetResult
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.record.timeline import BackendTimeline
from django_runtimes.compare.run.stream_samples import StreamSamples
from django_runtimes.compare.services.data_api.call_counts import CallCounts
from django_runtimes.compare.targets.cold_starts import ColdStarts
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import ColdStart, Target
from django_runtimes.compare.workload.workload import SAFE_METHODS, RequestTemplate, Scenario, Workload
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.values.connection_strategy import Route

EMULATED, DEPLOYED = "emulated", "deployed"

ScenarioKey = tuple[str, float | None]


@dataclass
class Subject:
    """A target of a run; `failure` is set once, and ends its measurement."""

    name: TargetName | DeployedName
    database: str
    ledger: Ledger
    target: Target
    environ: Mapping[str, str]
    failure: str | None = None
    users: tuple[VirtualUser, ...] = ()
    blocks: dict[ScenarioKey, dict[int, Block]] = field(default_factory=lambda: defaultdict(dict))
    windows: dict[ScenarioKey, list[SampledConnections]] = field(default_factory=lambda: defaultdict(list))
    capacities: dict[str, Capacity] = field(default_factory=dict)
    cold_starts: list[ColdStart] = field(default_factory=list)
    # The measured streams by their name.
    streams: dict[str, StreamSamples] = field(default_factory=dict)
    # Only the durations in the steady blocks.
    handler_durations_ms: list[float] = field(default_factory=list)
    # Only the steady blocks.
    meter: ProcessMeter = field(default_factory=ProcessMeter)
    opened: int | None = None
    opens: SteadyOpens = field(default_factory=SteadyOpens)
    # Reads the waits so far for a connection of the target's own pool or of its proxy; None without either.
    read_waits: Callable[[], WaitCounts] | None = None
    waits_before: WaitCounts | None = None
    # Only the waits in the steady load.
    waits: WaitCounts = field(default_factory=WaitCounts)
    # Reads the calls of the Data API so far; None on other routes.
    read_calls: Callable[[], CallCounts] | None = None
    calls_before: CallCounts | None = None
    # Only the calls in the steady load.
    calls: CallCounts = field(default_factory=CallCounts)
    transactions: int | None = None
    # The statements that would pin a client of RDS Proxy; None if they were not counted.
    pins: PinCounts | None = None
    rows: Reconciliation | None = None
    backends: BackendTimeline = field(default_factory=BackendTimeline)
    # Deployed targets only: the service, its generator, and the reports of its processes.
    deployment: MeasuredDeployment | None = None
    notes: list[str] = field(default_factory=list)
    # The connections that CloudWatch counted.
    watched: ConnectionCounts | None = None

    @property
    def is_deployed(self) -> bool:
        """Whether the target runs elsewhere."""
        return self.deployment is not None

    @property
    def similar(self) -> SimilarKey:
        """The key of targets that should have a similar capacity."""
        return similar_key(str(self.name), self.name.route, self._label)

    @property
    def _label(self) -> str:
        return DEPLOYED if self.is_deployed else EMULATED

    @property
    def generator(self) -> LoadGenerator | None:
        """The target's own load generator; None for an emulated one, since those share one."""
        return None if self.deployment is None else self.deployment.generator

    @property
    def max_rate_rps(self) -> float | None:
        """The highest rate of any load; None for an emulated target."""
        return None if self.deployment is None else self.deployment.max_rate_rps

    @property
    def may_write(self) -> bool:
        """Whether requests may change data."""
        return self.deployment is None or self.deployment.allows_writes

    def requests(self, workload: Workload) -> tuple[RequestTemplate, ...]:
        """Return the requests of the workload that the target gets."""
        return workload.requests if self.may_write else workload.harmless_requests

    def streams_of(self, workload: Workload) -> tuple[RequestTemplate, ...]:
        """Return the streams of the workload that the target gets."""
        return tuple(each for each in workload.streams if self.may_write or each.method in SAFE_METHODS)

    def scenarios(self, workload: Workload) -> tuple[Scenario, ...]:
        """Return the scenarios of the workload that are measured at the target."""
        return workload.scenarios if self.may_write else ("read",)

    def of_scenario(self, workload: Workload, scenario: Scenario) -> tuple[RequestTemplate, ...]:
        """Return the requests of one scenario that the target gets."""
        return tuple(each for each in self.requests(workload) if each.scenario == scenario)

    def window(self, sampler: ConnectionSampler | None) -> ConnectionWindow:
        """Start an interval in which the target's connections are counted."""
        if self.deployment is not None or sampler is None:
            return ReportWindow() if self.deployment is None else self.deployment.reports.window()
        return sampler.window(self.database)

    @property
    def reported_opens(self) -> int:
        """The number of connections that the processes of a deployed target have reported to have opened."""
        return 0 if self.deployment is None else self.deployment.reports.opened or 0

    def begin_steady(self, opened: int) -> None:
        """Leave out the waits so far, and the connections `opened` so far."""
        self.opens.read(opened, None)
        if self.deployment is not None:
            self.deployment.reports.begin_steady()
        if self.read_waits is not None:
            self.waits_before = self.read_waits()
        if self.read_calls is not None:
            self.calls_before = self.read_calls()

    def end_steady(self, opened: int) -> None:
        """Take the waits since `begin_steady()`; the target has `opened` this number of connections so far."""
        self.opens.read(opened, None)
        if self.read_waits is not None and self.waits_before is not None:
            self.waits = self.read_waits().since(self.waits_before)
        if self.read_calls is not None and self.calls_before is not None:
            self.calls = self.read_calls().since(self.calls_before)

    def take_reports(self) -> None:
        """Add the reports of a deployed target's processes, or a note that there are none."""
        if self.deployment is None:
            return
        reports = self.deployment.reports
        self.opened, self.waits = reports.opened, reports.waits
        self.opens.read(self.reported_opens, None)
        self.cold_starts += reports.cold_starts
        self.notes += reports.notes

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
        if self.is_deployed:
            return self.target.details
        return {"detected by": detect_runtime(self.environ).evidence, **self.target.details}

    def result(self) -> TargetResult:
        """Return the target's result; a failed target has the measurements before its failure."""
        failed = failed_result(self.name, self.failure or "", label=self._label)
        rows = self.rows
        return replace(
            failed,
            status="measured" if self.failure is None else "failed",
            error=self.failure,
            scenarios=tuple(
                ScenarioResult.of_blocks(*key, blocks, self._counted(self.windows[key], self._opened_in(key)))
                for key, blocks in sorted(self.blocks.items(), key=_in_reports)
            ),
            cold_start_ms=ColdStarts.of_phases(
                [start.ready_ms for start in self.cold_starts],
                [start.first_response_ms for start in self.cold_starts],
                [start.phases for start in self.cold_starts],
            ),
            connections=self._connections(),
            transactions=self.transactions,
            pins=self.pins,
            usage=self._usage(),
            resources=self._resources(),
            capacities=dict(self.capacities),
            streams=tuple(samples.result(name) for name, samples in sorted(self.streams.items())),
            backends=self.backends if self._has_connections else BackendTimeline(),
            acknowledged_writes=self.ledger.acknowledged,
            ambiguous=Ambiguous(self.ledger.ambiguous, None if rows is None else rows.ambiguous_committed),
            rows_found=None if rows is None else rows.rows_found,
            notes=(*self.notes, *self._session_notes()),
        )

    def _connections(self) -> ConnectionCounts:
        sampled = self._counted([window for windows in self.windows.values() for window in windows], self.opened)
        counts = sampled if sampled.peak is not None or self.watched is None else self.watched
        waits = self.waits
        return replace(counts, mean_wait_ms=waits.mean_ms, p99_wait_ms=waits.p99_ms, waits=waits.number or None)

    @property
    def _has_connections(self) -> bool:
        """Whether the backends of the target's database are its own; the Data API's are those of the stand-in."""
        return self.is_deployed or self.name.route is not Route.DATA_API

    def _counted(self, windows: Sequence[SampledConnections], opened: int | None) -> ConnectionCounts:
        if not self._has_connections:
            return ConnectionCounts(peak=0, mean=0.0, opened=0)
        return _counts(windows, opened)

    def _session_notes(self) -> Iterator[str]:
        """Yield a note on the sessions in which the stand-in for the Data API ran the target's calls."""
        peak = _counts([window for windows in self.windows.values() for window in windows], None).peak
        if not self._has_connections and peak is not None:
            yield (
                f"its calls ran in at most {peak} sessions of the stand-in for the Data API; how many the service "
                "holds is not known"
            )

    def _opened_in(self, key: ScenarioKey) -> int | None:
        # Without reports, the connections of a deployed target are unknown.
        return None if self.opened is None else self.opens.of(key)

    def _resources(self) -> ResourceUse:
        return self.meter.use if self.deployment is None else self.deployment.reports.resources

    def _usage(self) -> dict[str, float]:
        """Return the values measured for the target's bill, by KEY of `webapp cost --set`."""
        usage = {}
        if self.handler_durations_ms:
            usage["duration_ms"] = round(fmean(self.handler_durations_ms), 3)
        sent = sum(block.sent for (_, rate), blocks in self.blocks.items() if rate for block in blocks.values())
        if sent and self.calls.mean_kb is not None:
            usage["data_api_calls"] = round(self.calls.calls / sent, 3)
            usage["data_api_kb"] = round(self.calls.mean_kb, 3)
        streams = [each for each in self.streams.values() if each.answers]
        if streams:
            usage["stream_s"] = round(fmean(each.mean_s or 0.0 for each in streams), 4)
            usage["stream_mb"] = round(fmean(each.mean_kb or 0.0 for each in streams) / 1_000, 6)
        return usage


def _in_reports(item: tuple[ScenarioKey, object]) -> tuple[bool, str, float]:
    """Order the steady scenarios by name and rate, and the bursts after them."""
    (name, rate_rps), _ = item
    return rate_rps is None, name, rate_rps or 0.0


def failed_result(name: TargetName | DeployedName, error: str, *, label: str = EMULATED) -> TargetResult:
    """Return the result of a target without measurements."""
    return TargetResult.failed(
        name=str(name),
        runtime=name.runtime.value,
        strategy=name.strategy.value,
        route=name.route.value,
        label=label,
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
