"""Percentiles of saved latencies, with intervals by order statistics."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django_runtimes.compare.intervals.order_statistics import rank_interval
from django_runtimes.compare.load.histogram import P99_SAMPLES, LatencyHistogram
from django_runtimes.compare.record.results import BlockResult, ScenarioResult

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Percentile:
    """A percentile in ms with the interval around it; a bound is None if there are too few samples for it."""

    value_ms: float
    low_ms: float | None
    high_ms: float | None


def percentile_of(latency: LatencyHistogram, share: float, *, confidence: float = CONFIDENCE) -> Percentile | None:
    """Return the quantile `share`, such as 0.5, with an interval of this confidence.

    Return None without samples, and for quantiles from 0.99 on also below 1,000 samples.
    """
    if latency.count == 0 or (share >= 0.99 and latency.count < P99_SAMPLES):
        return None
    ranks = rank_interval(latency.count, share, confidence=confidence)
    return Percentile(
        value_ms=latency.at_rank_ms(round(share * latency.count)),
        low_ms=None if ranks.low is None else latency.at_rank_ms(ranks.low),
        high_ms=None if ranks.high is None else latency.at_rank_ms(ranks.high),
    )


def bounds_ms(latency: LatencyHistogram, share: float) -> tuple[float | None, float | None]:
    """Return the ends of the interval around the quantile `share`, each None if there are too few samples for it.

    They need fewer samples than the quantile itself: 368 for both ends of a p99.
    """
    if latency.count == 0:
        return None, None
    ranks = rank_interval(latency.count, share, confidence=CONFIDENCE)
    low, high = (None if rank is None else latency.at_rank_ms(rank) for rank in (ranks.low, ranks.high))
    return low, high


def counted_blocks(scenario: ScenarioResult) -> tuple[BlockResult, ...]:
    """Return the blocks whose latencies the reports show: the valid ones, or all if none is valid."""
    return tuple(block for block in scenario.blocks if block.void is None) or scenario.blocks


def latency_of(scenario: ScenarioResult) -> LatencyHistogram:
    """Return the latencies of the counted blocks together."""
    return _merged(tuple(block.histogram for block in counted_blocks(scenario)))


# Every format of a report needs the same histograms, and decoding a thousand takes a fifth of a second.
@lru_cache(maxsize=256)
def _merged(texts: Iterable[str]) -> LatencyHistogram:
    return LatencyHistogram.merged(LatencyHistogram.decoded(text) for text in texts)
