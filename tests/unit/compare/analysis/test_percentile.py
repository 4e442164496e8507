from collections.abc import Iterable

import pytest

from django_runtimes.compare.analysis.percentile import Percentile, percentile_of
from django_runtimes.compare.load.histogram import LatencyHistogram


def histogram(latencies_ms: Iterable[float]) -> LatencyHistogram:
    latency = LatencyHistogram()
    for latency_ms in latencies_ms:
        latency.record(latency_ms)
    return latency


def test_a_percentile_has_the_latencies_of_its_ranks_as_bounds():
    median = percentile_of(histogram([0.01 * value for value in range(1, 101)]), 0.5)

    assert median == Percentile(value_ms=0.5, low_ms=0.4, high_ms=0.61)


def test_a_bound_without_a_sample_far_enough_out_is_unknown():
    assert percentile_of(histogram([1.0, 1.1, 1.2, 1.3]), 0.5) == Percentile(1.1, None, None)


def test_a_p99_needs_a_thousand_samples():
    latencies_ms = [0.001 * value for value in range(1, 1_001)]

    assert percentile_of(histogram(latencies_ms[1:]), 0.99) is None
    assert percentile_of(histogram(latencies_ms), 0.99) == Percentile(0.99, 0.983, 0.997)


def test_no_samples_have_no_percentile():
    assert percentile_of(LatencyHistogram(), 0.5) is None


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_more_confidence_needs_a_wider_interval(confidence):
    latency = histogram([0.01 * value for value in range(1, 101)])
    usual, other = percentile_of(latency, 0.5), percentile_of(latency, 0.5, confidence=confidence)

    assert (other.high_ms > usual.high_ms) == (confidence > 0.95)
