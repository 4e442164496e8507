import random

import pytest

from django_runtimes.compare.intervals.order_statistics import RankInterval, rank_interval, share_interval


@pytest.mark.parametrize(
    ("count", "share", "low", "high"),
    # The ranks that tables give for the median of 10, 25 and 100 samples.
    [(10, 0.5, 2, 9), (25, 0.5, 8, 18), (100, 0.5, 40, 61), (1_000, 0.99, 983, 997)],
)
def test_the_ranks_around_a_quantile_at_95_percent(count, share, low, high):
    assert rank_interval(count, share, confidence=0.95) == RankInterval(low, high)


def test_five_samples_bound_their_median_with_90_but_not_95_percent():
    # All five are above the median, or all below, with a probability of 1/32 each.
    assert rank_interval(5, 0.5, confidence=0.9) == RankInterval(1, 5)
    assert rank_interval(5, 0.5, confidence=0.95) == RankInterval(None, None)


def test_few_samples_have_no_upper_bound_for_the_99th_percentile():
    interval = rank_interval(100, 0.99, confidence=0.95)

    assert interval.low == 97
    assert interval.high is None


def test_the_ranks_of_a_million_samples():
    # 500,000 -+ 1.96 standard deviations of 500 each.
    assert rank_interval(1_000_000, 0.5, confidence=0.95) == RankInterval(499_020, 500_981)


def test_an_interval_misses_the_quantile_as_rarely_as_its_confidence_says():
    rng = random.Random(5)
    missed = 0
    for _ in range(1_000):
        values = sorted(rng.random() for _ in range(200))
        ranks = rank_interval(200, 0.9, confidence=0.9)
        missed += not values[ranks.low - 1] <= 0.9 <= values[ranks.high - 1]

    assert 0.05 < missed / 1_000 <= 0.1


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    # Clopper and Pearson's intervals at 95 %, as tables give them.
    [(0, 100, 0.0, 0.0362), (1, 100, 0.000253, 0.0545), (10, 1_000, 0.00481, 0.0183), (100, 100, 0.9638, 1.0)],
)
def test_the_interval_of_a_share(hits, count, low, high):
    assert share_interval(hits, count, confidence=0.95) == pytest.approx((low, high), rel=0.002)


def test_the_interval_of_a_share_of_a_million():
    low, high = share_interval(50, 1_000_000, confidence=0.95)

    assert (low, high) == pytest.approx((37.1e-6, 65.9e-6), rel=0.002)
