"""Calculates the ratio of a target's medians to another's, from blocks that were measured side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django_runtimes.compare.analysis.signed_rank import signed_rank_interval
from django_runtimes.compare.run.results import BlockResult

# A difference of at most a tenth counts as none.
SAME_FROM, SAME_TO = 0.9, 1.1


@dataclass(frozen=True)
class Ratio:
    """The ratio of the p50 in paired blocks, with its interval; `confidence` is that interval's, such as 0.99."""

    estimate: float
    low: float
    high: float
    pairs: int
    confidence: float

    @property
    def excludes_one(self) -> bool:
        """Whether the interval excludes 1 and so shows a difference."""
        return self.low > 1 or self.high < 1

    @property
    def is_near_one(self) -> bool:
        """Whether the whole interval is so near 1 that it shows the absence of a difference that matters."""
        return self.low >= SAME_FROM and self.high <= SAME_TO


def paired_ratios(blocks: Sequence[BlockResult], reference: Sequence[BlockResult]) -> list[float]:
    """Return the p50 ratio of each pair of blocks that are both valid; pairs have the same index."""
    medians = {block.index: block.p50_ms for block in reference if block.void is None and block.p50_ms}
    return [
        block.p50_ms / medians[block.index]
        for block in blocks
        if block.void is None and block.p50_ms and block.index in medians
    ]


def ratio_of(ratios: Sequence[float], *, confidence: float) -> Ratio | None:
    """Return the ratio that these pairs show, or None when there are too few for the confidence."""
    # Twice as slow and twice as fast lie equally far from no difference.
    interval = signed_rank_interval([math.log(ratio) for ratio in ratios], confidence=confidence)
    if interval is None:
        return None
    return Ratio(
        estimate=math.exp(interval.estimate),
        low=math.exp(interval.low),
        high=math.exp(interval.high),
        pairs=len(ratios),
        confidence=confidence,
    )
