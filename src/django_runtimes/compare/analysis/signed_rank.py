"""Exact intervals for the centre of paired differences: Wilcoxon's signed-rank test, inverted."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import floor, sqrt
from statistics import NormalDist, median

# From this many values on the sum of the ranks counts as normally distributed. Counting all signs takes seconds there.
_NORMAL_FROM = 150


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval around it, in the unit of the values."""

    estimate: float
    low: float
    high: float


def signed_rank_interval(values: Sequence[float], *, confidence: float) -> Interval | None:
    """Return the Hodges-Lehmann estimate of the values' centre with its exact interval.

    `confidence` is the probability, such as 0.95, that the interval contains the centre of a symmetric distribution of
    any shape. Return None if there are too few values for it.

    The estimate is the median of the averages of all pairs of values, including the pairs of each value with itself. It
    stays close to the centre even if a quarter of the values are arbitrarily wrong.
    """
    cut = _cut(len(values), (1 - confidence) / 2)
    if cut is None:
        return None
    averages = sorted((first + second) / 2 for index, first in enumerate(values) for second in values[index:])
    return Interval(median(averages), averages[cut], averages[-cut - 1])


@cache
def _cut(count: int, tail: float) -> int | None:
    """Return how many averages to leave out on each side; None if even the widest interval misses too often."""
    if count >= _NORMAL_FROM:
        deviation = sqrt(count * (count + 1) * (2 * count + 1) / 24)
        return floor(count * (count + 1) / 4 + NormalDist().inv_cdf(tail) * deviation - 0.5)
    chances = [ways / 2**count for ways in accumulate(_ways(count))]
    return bisect_right(chances, tail) - 1 if chances[0] <= tail else None


@cache
def _ways(count: int) -> tuple[int, ...]:
    """Return, for each sum of positive ranks, in how many ways the signs of `count` ranks produce it."""
    ways = [1] + [0] * (count * (count + 1) // 2)
    for rank in range(1, count + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return tuple(ways)
