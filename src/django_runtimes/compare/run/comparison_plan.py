"""What one comparison is to measure, and for how long."""

from dataclasses import dataclass
from typing import Literal

from django_runtimes.compare.targets.name import DEFAULT_TARGETS, TargetName
from django_runtimes.compare.workload.workload import Workload


@dataclass(frozen=True)
class ComparisonPlan:
    """One comparison; `duration_s` is spent on each target, scenario and rate, in `blocks` equal parts."""

    workload: Workload
    targets: tuple[TargetName, ...] = DEFAULT_TARGETS
    rates_rps: tuple[float, ...] = (25.0, 50.0)
    duration_s: float = 8.0
    blocks: int = 5
    warm_up_s: float = 1.0
    # Enough for the rates above: a start within a steady block would be a cold start measured as a warm one.
    ready_for: int = 8
    burst_size: int = 40
    bursts: int = 5
    cold_starts: int = 5
    database_url: str | None = None
    image: str | None = None

    @property
    def block_s(self) -> float:
        """The length of one block, in s."""
        return self.duration_s / self.blocks

    def steady_scenarios(self) -> list[tuple[Literal["read", "write"], float]]:
        """Each scenario at each rate."""
        return [(scenario, rate_rps) for scenario in self.workload.scenarios for rate_rps in self.rates_rps]


QUICK_DURATION_S = 0.6


def quick_plan(workload: Workload) -> ComparisonPlan:
    """A look within a minute; too short for verdicts."""
    return ComparisonPlan(
        workload, duration_s=QUICK_DURATION_S, blocks=2, warm_up_s=0.1, ready_for=4, bursts=1, cold_starts=2
    )
