"""Intervals from the binomial distribution: the ranks around a percentile, and the bounds of a share."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

# The probabilities this many standard deviations below the mean are too small to matter.
_DEVIATIONS = 12
# This is enough for a share of one in a million with three digits.
_HALVINGS = 30


@dataclass(frozen=True)
class RankInterval:
    """The ranks of two samples, from 1 to the number of samples; None if no sample is far enough out."""

    low: int | None
    high: int | None


@cache
def rank_interval(count: int, share: float, *, confidence: float) -> RankInterval:
    """Return the ranks of the sorted samples between which the quantile `share`, such as 0.99, lies.

    The number of samples below the quantile has a binomial distribution, whatever the distribution of the samples. Each
    rank misses the quantile with a probability of at most (1 - confidence) / 2 if the samples are independent.
    """
    tail = (1 - confidence) / 2
    below, above = _largest_rare(count, share, tail), _largest_rare(count, 1 - share, tail)
    return RankInterval(
        low=None if below is None else below + 1,
        high=None if above is None else count - above,
    )


def share_interval(hits: int, count: int, *, confidence: float) -> tuple[float, float]:
    """Return the exact interval (Clopper and Pearson) of the share of which `hits` of `count` are a sample."""
    tail = (1 - confidence) / 2

    def is_above(share: float) -> bool:
        """Return whether so few hits would be rare with this share."""
        rare = _largest_rare(count, share, tail)
        return rare is not None and rare >= hits

    def is_not_below(share: float) -> bool:
        """Return whether so many hits would not be rare with this share."""
        rare = _largest_rare(count, 1 - share, tail)
        return rare is None or rare < count - hits

    return (
        _first_share(is_not_below) if hits else 0.0,
        _first_share(is_above) if hits < count else 1.0,
    )


def _first_share(is_beyond: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return high


def _largest_rare(count: int, share: float, tail: float) -> int | None:
    """Return the largest number that a binomial variable reaches or stays below with at most this probability."""
    mean, deviation = count * share, math.sqrt(count * share * (1 - share))
    successes = max(0, math.floor(mean - _DEVIATIONS * deviation))
    chance = math.exp(
        math.lgamma(count + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(count - successes + 1)
        + successes * math.log(share)
        + (count - successes) * math.log1p(-share)
    )
    total = chance
    largest = None
    while total <= tail and successes < count:
        largest = successes
        chance *= (count - successes) / (successes + 1) * share / (1 - share)
        successes += 1
        total += chance
    return largest
