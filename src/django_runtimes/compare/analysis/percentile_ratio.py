"""The ratio of a percentile of two targets, from the latencies of whole blocks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from django_runtimes.compare.analysis.ratio import Ratio
from django_runtimes.compare.load.histogram import LatencyHistogram

# Beyond a factor of 100 around the estimate the search for a bound gives up, and the steps are 0.05 %.
_WIDEST, _STEP = math.log(100), 0.0005


@dataclass(frozen=True)
class _Excess:
    """How far the share of samples above a latency is from the expected share, in total and by block."""

    total: float
    residuals: tuple[float, ...]


def paired_percentile_ratio(
    latencies: Sequence[LatencyHistogram],
    reference: Sequence[LatencyHistogram],
    share: float,
    *,
    confidence: float,
) -> Ratio | None:
    """Return the ratio of the quantiles `share`, such as 0.99, of two targets whose blocks are pairs.

    A ratio r is in the interval if the share of samples above r times the reference's quantile could be the reference's
    share above its own quantile. Student's t judges their difference by how much it varies from pair to pair. A slow
    pair has more such samples on both sides, so its difference varies less than each share. Return None if there are
    too few samples for the confidence.
    """

    def deviation(own: _Excess, other: _Excess) -> float:
        pairs = zip(own.residuals, other.residuals, strict=True)
        return _deviation([first - second for first, second in pairs])

    return _ratio(latencies, reference, share, confidence, deviation)


def separate_percentile_ratio(
    latencies: Sequence[LatencyHistogram],
    reference: Sequence[LatencyHistogram],
    share: float,
    *,
    confidence: float,
    independent: float = 1.0,
) -> Ratio | None:
    """Return the same for blocks that were measured at different times, so that their variances add up.

    `independent` is the share of the blocks that count as independent.
    """

    def deviation(own: _Excess, other: _Excess) -> float:
        return math.hypot(_deviation(own.residuals), _deviation(other.residuals)) / math.sqrt(independent)

    return _ratio(latencies, reference, share, confidence, deviation, independent=independent)


def _ratio(
    latencies: Sequence[LatencyHistogram],
    reference: Sequence[LatencyHistogram],
    share: float,
    confidence: float,
    deviation: Callable[[_Excess, _Excess], float],
    *,
    independent: float = 1.0,
) -> Ratio | None:
    fewest = min(len(latencies), len(reference))
    degrees = math.floor(independent * fewest) - 1
    if degrees < 1:
        return None
    whole, whole_reference = LatencyHistogram.merged(latencies), LatencyHistogram.merged(reference)
    if not whole.count or not whole_reference.count:
        return None
    value_ms, reference_ms = (each.at_rank_ms(round(share * each.count)) for each in (whole, whole_reference))
    own_blocks = [_Samples(latency) for latency in latencies]
    expected = _excess([_Samples(latency) for latency in reference], whole_reference.bucket(reference_ms))
    centre, limit = math.log(value_ms / reference_ms), _t_quantile(confidence, degrees)

    def is_possible(log_ratio: float) -> bool:
        own = _excess(own_blocks, whole.bucket(reference_ms * math.exp(log_ratio)))
        return abs(own.total - expected.total) <= limit * deviation(own, expected)

    low, high = _edge(is_possible, centre, -_WIDEST), _edge(is_possible, centre, _WIDEST)
    if low is None or high is None:
        return None
    return Ratio(math.exp(centre), math.exp(low), math.exp(high), fewest, confidence)


class _Samples:
    """The samples of one block, by bucket."""

    def __init__(self, latency: LatencyHistogram) -> None:
        self._first, self._up_to = latency.cumulative()
        self.count = latency.count

    def above(self, bucket: int) -> float:
        """Return the number of samples above this bucket and half of those in it."""
        return self.count - (self._through(bucket) + self._through(bucket - 1)) / 2

    def _through(self, bucket: int) -> int:
        index = bucket - self._first
        return 0 if index < 0 else self._up_to[index] if index < len(self._up_to) else self.count


def _excess(blocks: Sequence[_Samples], bucket: int) -> _Excess:
    count = sum(block.count for block in blocks)
    above = [block.above(bucket) for block in blocks]
    share = sum(above) / count
    return _Excess(
        share, tuple((each - share * block.count) / count for each, block in zip(above, blocks, strict=True))
    )


def _deviation(residuals: Sequence[float]) -> float:
    """Return the standard deviation of the sum of the blocks' residuals."""
    blocks = len(residuals)
    return math.sqrt(blocks / (blocks - 1) * sum(residual**2 for residual in residuals))


def _edge(is_possible: Callable[[float], bool], centre: float, widest: float) -> float | None:
    """Return the last possible value between the centre and the widest one; None if that one is possible too."""
    inside, outside = centre, centre + widest
    if is_possible(outside):
        return None
    while abs(outside - inside) > _STEP:
        middle = (inside + outside) / 2
        if is_possible(middle):
            inside = middle
        else:
            outside = middle
    return inside


def _t_quantile(confidence: float, degrees: int) -> float:
    """Return the quantile of Student's t distribution, by its expansion around the normal one (Fisher and Cornish)."""
    z: float = NormalDist().inv_cdf((1 + confidence) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return math.fsum(term / degrees**power for power, term in enumerate(terms))
