"""Calculates the ratio of a target's medians to another's, from blocks that were measured side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django_runtimes.compare.analysis.signed_rank import signed_rank_interval
from django_runtimes.compare.record.results import BlockResult

# A difference is too small to matter if its ratio is within these bounds.
SAME_FROM, SAME_TO = 0.9, 1.1


@dataclass(frozen=True)
class Ratio:
    """The ratio of the medians of paired blocks, with an interval of this `confidence`, such as 0.99."""

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
        """Whether the whole interval is near 1, which rules out a difference that matters."""
        return self.low >= SAME_FROM and self.high <= SAME_TO


def paired_blocks(
    blocks: Sequence[BlockResult], reference: Sequence[BlockResult]
) -> list[tuple[BlockResult, BlockResult]]:
    """Return each valid pair of blocks; the blocks of a pair have the same index."""
    others = {block.index: block for block in reference if is_valid(block)}
    return [(block, others[block.index]) for block in blocks if is_valid(block) and block.index in others]


def is_valid(block: BlockResult) -> bool:
    """Return whether a block has a median that counts."""
    return block.void is None and bool(block.p50_ms)


def paired_ratios(blocks: Sequence[BlockResult], reference: Sequence[BlockResult]) -> list[float]:
    """Return the ratio of the medians of each valid pair of blocks."""
    return [
        block.p50_ms / other.p50_ms
        for block, other in paired_blocks(blocks, reference)
        if block.p50_ms and other.p50_ms
    ]


def ratio_of(ratios: Sequence[float], *, confidence: float) -> Ratio | None:
    """Return the estimate from the ratios of pairs, or None if they are too few for the confidence."""
    # On a logarithmic scale, half and twice the time are equally far from no difference.
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
