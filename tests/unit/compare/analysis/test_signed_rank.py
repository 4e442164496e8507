import random
from bisect import bisect_right
from itertools import accumulate, product
from statistics import median

import pytest

from django_runtimes.compare.analysis.signed_rank import _cut, _ways, signed_rank_interval


def bounds(values: list[float], confidence: float) -> tuple[float, float]:
    interval = signed_rank_interval(values, confidence=confidence)
    return interval.low, interval.high


def test_the_interval_of_ten_values_is_the_one_in_tables():
    # The critical value of ten pairs is 8 at a two-sided 5 %, so the interval begins at the ninth average.
    values = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]
    averages = sorted((first + second) / 2 for index, first in enumerate(values) for second in values[index:])

    interval = signed_rank_interval(values, confidence=0.95)

    assert (interval.low, interval.high) == (averages[8], averages[-9])
    assert interval.estimate == median(averages)


@pytest.mark.parametrize(("confidence", "fewest"), [(0.9, 5), (0.95, 6), (0.99, 8), (0.999, 11)])
def test_too_few_values_have_no_interval(confidence, fewest):
    values = [float(value) for value in range(fewest)]

    assert signed_rank_interval(values[:-1], confidence=confidence) is None
    assert bounds(values, confidence) == (values[0], values[-1])


def test_an_interval_misses_the_centre_as_rarely_as_its_confidence_says():
    # Around a centre of 0 all signs of ranks are equally likely, so the test can count every case.
    magnitudes = (1.0, 2.1, 3.3, 4.7, 6.2, 7.4, 8.9, 9.5)
    cases = [
        bounds([sign * size for sign, size in zip(signs, magnitudes, strict=True)], 0.9)
        for signs in product((-1, 1), repeat=len(magnitudes))
    ]

    missed = sum(not low <= 0 <= high for low, high in cases)

    assert 0.05 < missed / len(cases) <= 0.1


def test_wrong_values_up_to_a_quarter_barely_move_the_estimate():
    rng = random.Random(1)
    values = [rng.gauss(0, 0.1) for _ in range(15)] + [1e6] * 4

    assert abs(signed_rank_interval(values, confidence=0.95).estimate) < 0.2


def test_many_values_leave_out_as_many_averages_as_the_exact_count():
    # The exact counts, from all signs of 150 ranks: P(W <= cut) is at most the tail, and P(W <= cut + 1) is above it.
    for tail in (0.025, 0.005, 0.003):
        below = list(accumulate(_ways(150)))
        exact = bisect_right([ways / 2**150 for ways in below], tail) - 1

        assert abs(_cut(150, tail) - exact) <= 0.01 * exact


def test_equal_values_have_an_interval_without_width():
    assert bounds([0.5] * 20, 0.99) == (0.5, 0.5)
