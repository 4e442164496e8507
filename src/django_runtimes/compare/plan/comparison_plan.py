"""The plan of a comparison: its targets, loads and durations."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.targets.name import DEFAULT_TARGETS, TargetName
from django_runtimes.compare.workload.workload import Workload
from django_runtimes.config.values.data_paths import Engine

# The schedule is kept in memory, and one load generator on one CPU cannot reach higher rates.
MAX_RATE_RPS = 5_000.0
# The names of the scenarios without a rate.
BURSTS = ("burst", "burst_cold")
# A small service in production takes this load beside its users' own.
MAX_DEPLOYED_RATE_RPS = 50.0


@dataclass(frozen=True)
class ComparisonPlan:
    """The plan of one comparison.

    The steady load gets the time that the other phases leave of `budget_s`, and ends early once every scenario and
    rate has `pairs` valid pairs of blocks. Without a budget each block lasts `block_s`, and void blocks are not
    repeated.

    `rates_rps` has each scenario's requests per second; without it the rates are the shares `load_shares` of the
    weakest target's capacity.
    """

    workload: Workload
    targets: tuple[TargetName, ...] = DEFAULT_TARGETS
    budget_s: float | None = 300.0
    # The limit of the measurement without a budget, after the start-up; None for no limit.
    limit_s: float | None = None
    load_shares: tuple[float, ...] = (0.5,)
    rates_rps: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    pairs: int = 30
    block_s: float = 1.0
    capacity_s: float = 0.75
    warm_up_s: float = 0.5
    # This is enough for the rates above, so that no cold start falls into a steady block.
    ready_for: int = 8
    burst_size: int = 40
    bursts: int = 5
    # The range of six values holds their median with a confidence of 97 %; fewer values have no 95 % interval.
    cold_starts: int = 6
    # How often each target is asked for each stream of the workload.
    streams: int = 30
    deployed: tuple[DeployedService, ...] = ()
    allows_writes: bool = False
    # The highest rate of any load on a deployed target.
    max_rate_rps: float = MAX_DEPLOYED_RATE_RPS
    measurement_key: str | None = field(default=None, repr=False)
    database_url: str | None = None
    image: str | None = None
    limits: StatedLimits = field(default_factory=StatedLimits)
    # The weight of the cost in the balanced memory size, from 0 (the fastest) to 1 (the cheapest).
    balanced_weight: float = 0.5

    @property
    def engine(self) -> Engine:
        """The engine of all emulated targets."""
        return self.targets[0].engine if self.targets else Engine.POSTGRESQL

    @property
    def wants_p99(self) -> bool:
        """Whether the steady load should reach the samples of a p99: with three loads, or for a stated limit."""
        return len(self.load_shares) > 1 or self.limits.max_p99_ms is not None


def quick_plan(workload: Workload) -> ComparisonPlan:
    """Return a plan of about a minute and at most two, too short for verdicts."""
    return ComparisonPlan(
        workload,
        budget_s=None,
        limit_s=120.0,
        rates_rps=dict.fromkeys(workload.scenarios, (50.0,)),
        pairs=2,
        block_s=0.3,
        warm_up_s=0.1,
        ready_for=4,
        # The cold starts of 40 execution environments per function would take half a minute on two cores.
        burst_size=6,
        bursts=1,
        cold_starts=2,
        streams=6,
    )


def thorough_plan(workload: Workload, budget_s: float) -> ComparisonPlan:
    """Return a plan with three loads, and with a p99 wherever the time is long enough."""
    return ComparisonPlan(workload, budget_s=budget_s, load_shares=(0.1, 0.5, 0.8), ready_for=16, cold_starts=12)
