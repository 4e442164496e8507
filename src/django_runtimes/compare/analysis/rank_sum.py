"""Intervals for the shift between two separate samples: the rank-sum test of Mann and Whitney, inverted."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from math import comb, floor, sqrt
from statistics import NormalDist, median

from django_runtimes.compare.analysis.signed_rank import Interval

# From this number of pairs on the statistic counts as normally distributed; both samples then have 10 values or more.
_NORMAL_FROM, _NORMAL_FEWEST = 2_500, 10


def rank_sum_interval(
    values: Sequence[float], reference: Sequence[float], *, confidence: float, independent: float = 1.0
) -> Interval | None:
    """Return the Hodges-Lehmann estimate of how far `values` are above `reference`, with its exact interval.

    `confidence` is the probability that the interval contains the shift between two distributions of the same shape,
    whichever it is. `independent` is the share of the values that count as independent; the interval is then as wide
    as the interval of so few. Return None if there are too few values for it.
    """
    few, few_reference = (floor(independent * len(each)) for each in (values, reference))
    fewer_cut = _cut(few, few_reference, (1 - confidence) / 2)
    if fewer_cut is None:
        return None
    cut = fewer_cut * len(values) * len(reference) // (few * few_reference)
    differences = sorted(value - other for value in values for other in reference)
    return Interval(median(differences), differences[cut], differences[-cut - 1])


@cache
def _cut(first: int, second: int, tail: float) -> int | None:
    """Return how many differences to leave out on each side; None if even the widest interval misses too often."""
    if min(first, second) == 0:
        return None
    if first * second >= _NORMAL_FROM and min(first, second) >= _NORMAL_FEWEST:
        deviation = sqrt(first * second * (first + second + 1) / 12)
        return floor(first * second / 2 + NormalDist().inv_cdf(tail) * deviation - 0.5)
    orders = comb(first + second, first)
    chances = [ways / orders for ways in accumulate(_ways(first, second))]
    return bisect_right(chances, tail) - 1 if chances[0] <= tail else None


@cache
def _ways(first: int, second: int) -> tuple[int, ...]:
    """Return, for each number of pairs in which the first sample is larger, how many orders produce it."""
    length = first * second + 1
    ways = [1] + [0] * (length - 1)
    # The numbers are the coefficients of Gauss's binomial: a product of (1 - q^(second + i)) / (1 - q^i).
    for rank in range(1, first + 1):
        for total in range(length - 1, second + rank - 1, -1):
            ways[total] -= ways[total - second - rank]
        for total in range(rank, length):
            ways[total] += ways[total - rank]
    return tuple(ways)
