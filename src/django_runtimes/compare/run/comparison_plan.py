"""The plan of a comparison: its targets, loads and durations."""

from dataclasses import dataclass
from typing import Literal

from django_runtimes.compare.targets.name import DEFAULT_TARGETS, TargetName
from django_runtimes.compare.workload.workload import Workload


@dataclass(frozen=True)
class ComparisonPlan:
    """The plan of one comparison; `duration_s` is for each target, scenario and rate, in `blocks` equal parts."""

    workload: Workload
    targets: tuple[TargetName, ...] = DEFAULT_TARGETS
    rates_rps: tuple[float, ...] = (25.0, 50.0)
    duration_s: float = 8.0
    blocks: int = 5
    warm_up_s: float = 1.0
    # This is enough for the rates above, so that no cold start falls into a steady block.
    ready_for: int = 8
    burst_size: int = 40
    bursts: int = 5
    cold_starts: int = 5
    database_url: str | None = None
    image: str | None = None

    @property
    def block_s(self) -> float:
        """The duration of one block, in s."""
        return self.duration_s / self.blocks

    def steady_scenarios(self) -> list[tuple[Literal["read", "write"], float]]:
        """Return each scenario with each rate."""
        return [(scenario, rate_rps) for scenario in self.workload.scenarios for rate_rps in self.rates_rps]


QUICK_DURATION_S = 0.6


def quick_plan(workload: Workload) -> ComparisonPlan:
    """Return a plan of less than a minute, too short for verdicts."""
    return ComparisonPlan(
        workload, duration_s=QUICK_DURATION_S, blocks=2, warm_up_s=0.1, ready_for=4, bursts=1, cold_starts=2
    )
