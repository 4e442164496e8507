"""The ratio of a percentile in two runs, whose blocks were measured at different times."""

import math
from collections.abc import Sequence

from django_runtimes.compare.analysis.percentile_ratio import separate_percentile_ratio
from django_runtimes.compare.analysis.rank_sum import rank_sum_interval
from django_runtimes.compare.analysis.ratio import Ratio, is_valid
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import ScenarioResult

_MEDIAN = 0.5


def separate_ratio(
    scenario: ScenarioResult, base: ScenarioResult, share: float, *, confidence: float, independent: float
) -> Ratio | None:
    """Return the ratio of the quantile `share` to another run's; None if there are too few blocks or samples.

    `independent` is the share of the blocks that count as independent, from `independent_share`. Medians are compared
    block by block, by the rank-sum test. A higher quantile needs the samples of all blocks.
    """
    own, other = ([block for block in each.blocks if is_valid(block)] for each in (scenario, base))
    if share == _MEDIAN:
        medians = [[block.p50_ms for block in blocks if block.p50_ms] for blocks in (own, other)]
        return shift_ratio(*medians, confidence=confidence, independent=independent)
    latencies, reference = ([LatencyHistogram.decoded(block.histogram) for block in blocks] for blocks in (own, other))
    return separate_percentile_ratio(latencies, reference, share, confidence=confidence, independent=independent)


def shift_ratio(
    values: Sequence[float], reference: Sequence[float], *, confidence: float, independent: float = 1.0
) -> Ratio | None:
    """Return the ratio of two separate samples of durations; None if there are too few of them."""
    # On a logarithmic scale a ratio is a shift.
    logarithms = [[math.log(value) for value in each] for each in (values, reference)]
    interval = rank_sum_interval(*logarithms, confidence=confidence, independent=independent)
    if interval is None:
        return None
    return Ratio(
        estimate=math.exp(interval.estimate),
        low=math.exp(interval.low),
        high=math.exp(interval.high),
        pairs=min(len(values), len(reference)),
        confidence=confidence,
    )
