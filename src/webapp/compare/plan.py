"""What one comparison is to measure, and for how long."""

from dataclasses import dataclass, field
from typing import Literal

from webapp.compare.targets.name import DEFAULT_TARGETS, TargetName
from webapp.compare.workload import GUESTBOOK, Workload, load_workload


@dataclass(frozen=True)
class Plan:
    """One comparison; `duration_s` is spent on each target, scenario and rate, in `blocks` equal parts."""

    workload: Workload = field(default_factory=lambda: load_workload(GUESTBOOK))
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
        return [(scenario, rate_rps) for scenario in ("read", "write") for rate_rps in self.rates_rps]


DEFAULT = Plan()
QUICK = Plan(duration_s=0.6, blocks=2, warm_up_s=0.1, ready_for=4, bursts=1, cold_starts=2)
