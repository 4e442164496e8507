import random
from itertools import combinations

import pytest

from django_runtimes.compare.analysis.rank_sum import _cut, _ways, rank_sum_interval


@pytest.mark.parametrize(
    ("first", "second", "tail", "critical"),
    # The critical values of Mann and Whitney's U in tables.
    [(4, 4, 0.025, 0), (5, 5, 0.05, 4), (10, 10, 0.025, 23), (20, 20, 0.025, 127), (8, 12, 0.025, 22)],
)
def test_the_cut_is_the_critical_value_of_tables(first, second, tail, critical):
    assert _cut(first, second, tail) == critical
    assert _cut(second, first, tail) == critical


def test_every_order_of_two_samples_is_counted_once():
    def pairs_won(chosen: tuple[int, ...]) -> int:
        others = [place for place in range(7) if place not in chosen]
        return sum(place > other for place in chosen for other in others)

    won = [pairs_won(chosen) for chosen in combinations(range(7), 3)]

    assert _ways(3, 4) == tuple(won.count(total) for total in range(13))


@pytest.mark.parametrize(("first", "second"), [(0, 9), (9, 0), (3, 3), (1, 30)])
def test_too_few_values_have_no_interval(first, second):
    values, reference = list(range(first)), list(range(second))

    assert rank_sum_interval(values, reference, confidence=0.95) is None


def test_the_interval_contains_the_shift():
    reference = [float(value) for value in range(20)]

    interval = rank_sum_interval([value + 100 for value in reference], reference, confidence=0.95)

    assert interval.estimate == 100
    assert (interval.low, interval.high) == (96, 104)


def test_a_sample_does_not_differ_from_itself():
    values = [1.0, 5.0, 2.0, 8.0, 3.0]

    interval = rank_sum_interval(values, values, confidence=0.95)

    assert interval.low <= 0 <= interval.high
    assert interval.estimate == 0


def test_wrong_values_in_each_sample_barely_move_the_estimate():
    rng = random.Random(3)
    values, reference = ([rng.gauss(mean, 0.1) for _ in range(20)] for mean in (1.0, 0.0))

    interval = rank_sum_interval([*values, 1e6, 1e6], [*reference, -1e6], confidence=0.95)

    assert abs(interval.estimate - 1) < 0.2


def test_an_interval_misses_no_shift_as_rarely_as_its_confidence_says():
    rng = random.Random(4)
    missed = 0
    for _ in range(400):
        values, reference = ([rng.expovariate(1) for _ in range(12)] for _ in range(2))
        interval = rank_sum_interval(values, reference, confidence=0.9)
        missed += not interval.low <= 0 <= interval.high

    assert 0.05 < missed / 400 < 0.13


def test_many_values_have_about_the_cut_of_the_exact_count():
    # The exact cut for 49 and 50 values is 936 at 2.5 %, and it grows by about 20 with one more value.
    assert 15 < _cut(50, 50, 0.025) - _cut(49, 50, 0.025) < 30


def test_fewer_independent_values_widen_the_interval():
    rng = random.Random(5)
    values, reference = ([rng.gauss(0, 1) for _ in range(40)] for _ in range(2))

    widths = []
    for independent in (1.0, 0.5, 0.25):
        interval = rank_sum_interval(values, reference, confidence=0.95, independent=independent)
        widths.append(interval.high - interval.low)

    # Half as many values make an interval about 1.4 times as wide.
    assert 1.3 < widths[1] / widths[0] < 1.6
    assert 1.3 < widths[2] / widths[1] < 1.7
    assert rank_sum_interval(values, reference, confidence=0.95, independent=0.05) is None
