"""Judges the cost of the current code: its figures as ratios to another revision's, or to those of fewer parts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from benchmarks.ratio import Ratio

NEW = "new"
OLD = "old"
# The highest accepted ratio of new to old cost; the whole interval must lie below it.
BAR = 1.05

Verdict = Literal["within the bar", "SLOWER", "undecided"]
Rounds = dict[str, list[float]]


@dataclass(frozen=True)
class Cost:
    """One figure of both revisions by round; `more_is_better` is true for figures such as requests/s."""

    name: str
    unit: str
    rounds: Rounds
    more_is_better: bool = False
    bar: float = BAR

    @property
    def ratio(self) -> Ratio:
        """New / old."""
        return Ratio.of(self.rounds[NEW], self.rounds[OLD])

    @property
    def limit(self) -> float:
        """The ratio at which the new code is `bar` times as slow."""
        return 1 / self.bar if self.more_is_better else self.bar

    @property
    def verdict(self) -> Verdict:
        """The verdict; undecided if the interval includes the limit, which calls for more rounds or less load."""
        ratio = self.ratio
        fast, slow = (ratio.high, ratio.low) if self.more_is_better else (ratio.low, ratio.high)
        if self._slower(fast):
            return "SLOWER"
        return "undecided" if self._slower(slow) else "within the bar"

    def _slower(self, ratio: float) -> bool:
        return ratio <= self.limit if self.more_is_better else ratio >= self.limit


def as_lines(costs: Sequence[Cost]) -> list[str]:
    """Return one line for each figure: new / old with its interval, the limit, the verdict and both medians."""
    return [
        f"{cost.ratio.median:8.3f} [{cost.ratio.low:.3f}, {cost.ratio.high:.3f}]  "
        f"bar {'>' if cost.more_is_better else '<'} {cost.limit:.3f} {cost.verdict}: {cost.name}, new / old "
        f"({median(cost.rounds[NEW]):,.1f} / {median(cost.rounds[OLD]):,.1f} {cost.unit}, "
        f"{len(cost.rounds[NEW])} rounds)"
        for cost in costs
    ]


def as_json(environment: Mapping[str, Any], costs: Sequence[Cost]) -> str:
    """Return the figures with every round as JSON, so that they can be judged again."""
    figures = [
        {
            "name": cost.name,
            "unit": cost.unit,
            "ratio": round(cost.ratio.median, 4),
            "ratio_low": round(cost.ratio.low, 4),
            "ratio_high": round(cost.ratio.high, 4),
            "limit": round(cost.limit, 4),
            "more_is_better": cost.more_is_better,
            "verdict": cost.verdict,
            "rounds": cost.rounds,
        }
        for cost in costs
    ]
    return json.dumps({"environment": environment, "figures": figures}, ensure_ascii=False, indent=2) + "\n"
