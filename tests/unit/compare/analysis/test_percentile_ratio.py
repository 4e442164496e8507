import random
from collections.abc import Callable

import pytest

from django_runtimes.compare.analysis.percentile_ratio import (
    _t_quantile,
    paired_percentile_ratio,
    separate_percentile_ratio,
)
from django_runtimes.compare.load.histogram import LatencyHistogram

BOTH = pytest.mark.parametrize("ratio_of", [paired_percentile_ratio, separate_percentile_ratio])


def blocks(seed: int, *, factor: float = 1.0, count: int = 20, samples: int = 200) -> list[LatencyHistogram]:
    """Return blocks of exponential latencies; every second block is twice as slow."""
    rng = random.Random(seed)
    found = []
    for index in range(count):
        latency = LatencyHistogram()
        for _ in range(samples):
            latency.record(factor * (1 + index % 2) * rng.expovariate(0.1))
        found.append(latency)
    return found


@BOTH
def test_a_target_that_takes_twice_as_long_has_twice_the_p99(ratio_of: Callable):
    ratio = ratio_of(blocks(1, factor=2.0), blocks(2), 0.99, confidence=0.95)

    assert 1.2 < ratio.low < 2 < ratio.high < 3.2
    assert ratio.low < ratio.estimate < ratio.high
    assert ratio.confidence == 0.95


@BOTH
def test_a_p99_does_not_differ_from_itself(ratio_of: Callable):
    ratio = ratio_of(blocks(1), blocks(1), 0.99, confidence=0.95)

    assert ratio.estimate == 1
    assert not ratio.excludes_one


def test_pairs_give_a_narrower_interval_than_separate_blocks():
    # The speed differs from block to block in the same way for both.
    paired = paired_percentile_ratio(blocks(1), blocks(2), 0.99, confidence=0.95)
    separate = separate_percentile_ratio(blocks(1), blocks(2), 0.99, confidence=0.95)

    assert paired.high / paired.low < separate.high / separate.low
    assert paired.estimate == separate.estimate


@BOTH
@pytest.mark.parametrize(("count", "samples"), [(0, 1), (1, 200), (4, 20)])
def test_too_few_samples_have_no_interval(ratio_of: Callable, count: int, samples: int):
    own, other = (blocks(seed, count=count, samples=samples) for seed in (1, 2))

    assert ratio_of(own, other, 0.99, confidence=0.999) is None


def test_separate_blocks_need_not_be_equally_many():
    assert separate_percentile_ratio(blocks(1), blocks(2, count=12), 0.9, confidence=0.95).pairs == 12


def test_the_interval_misses_a_ratio_of_one_about_as_rarely_as_it_should():
    missed = 0
    for seed in range(60):
        own, other = blocks(seed, samples=100), blocks(seed + 1_000, samples=100)
        missed += paired_percentile_ratio(own, other, 0.9, confidence=0.9).excludes_one

    assert 1 <= missed <= 12


@pytest.mark.parametrize(
    ("confidence", "degrees", "quantile"), [(0.95, 4, 2.776), (0.95, 29, 2.045), (0.999, 9, 4.781), (0.999, 29, 3.659)]
)
def test_the_quantiles_of_students_t_are_those_of_tables(confidence, degrees, quantile):
    assert _t_quantile(confidence, degrees) == pytest.approx(quantile, abs=0.002)


def test_fewer_independent_blocks_widen_the_interval_of_separate_runs():
    all_, half, none = (
        separate_percentile_ratio(blocks(1), blocks(2), 0.9, confidence=0.95, independent=independent)
        for independent in (1.0, 0.5, 0.05)
    )

    assert half.high / half.low > 1.1 * all_.high / all_.low
    assert none is None
