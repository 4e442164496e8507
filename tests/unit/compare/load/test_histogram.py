import pytest

from django_runtimes.compare.load.histogram import LatencyHistogram


def histogram_of(*latencies_ms: float) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for latency_ms in latencies_ms:
        histogram.record(latency_ms)
    return histogram


def test_percentiles_are_within_a_thousandth():
    histogram = histogram_of(*range(1, 2_001))

    assert histogram.p50_ms == pytest.approx(1_000, rel=0.001)
    assert histogram.p90_ms == pytest.approx(1_800, rel=0.001)
    assert histogram.p99_ms == pytest.approx(1_980, rel=0.001)
    assert histogram.max_ms == pytest.approx(2_000, rel=0.001)


def test_one_microsecond_differs_from_two():
    assert histogram_of(0.001).max_ms == 0.001
    assert histogram_of(0.002).max_ms == 0.002


def test_fewer_than_a_thousand_samples_have_no_p99():
    assert histogram_of(*range(1, 1_000)).p99_ms is None
    assert histogram_of(*range(1, 1_001)).p99_ms is not None


def test_without_samples_there_are_no_percentiles():
    empty = LatencyHistogram()

    assert (empty.count, empty.p50_ms, empty.p90_ms, empty.p99_ms, empty.max_ms) == (0, None, None, None, None)


def test_merging_counts_samples_instead_of_averaging_percentiles():
    # The average of the two medians is 50.5; nine of ten samples are 1.
    merged = LatencyHistogram.merged([histogram_of(*[1.0] * 9), histogram_of(100.0)])

    assert merged.count == 10
    assert merged.p50_ms == pytest.approx(1.0, rel=0.001)
    assert merged.max_ms == pytest.approx(100.0, rel=0.001)


def test_a_saved_histogram_has_the_same_samples():
    histogram = histogram_of(0.5, 3.25, 3.25, 29_999.0)

    read = LatencyHistogram.decoded(histogram.encoded())

    assert read.count == 4
    assert (read.p50_ms, read.p90_ms, read.max_ms) == (histogram.p50_ms, histogram.p90_ms, histogram.max_ms)


def test_an_empty_histogram_can_be_saved():
    assert LatencyHistogram.decoded(LatencyHistogram().encoded()).count == 0


@pytest.mark.parametrize(("latency_ms", "counted_ms"), [(0.0, 0.001), (500_000.0, 120_000.0)])
def test_a_value_outside_the_range_is_counted_at_its_end(latency_ms: float, counted_ms: float):
    assert histogram_of(latency_ms).max_ms == pytest.approx(counted_ms, rel=0.001)


def test_the_mean_equals_the_mean_of_the_library():
    histogram = LatencyHistogram()
    for latency_ms in (0.001, 0.5, 3.2, 3.2, 870.0, 119_000.0):
        histogram.record(latency_ms)

    assert histogram.mean_ms == pytest.approx(histogram._counts.get_mean_value() / 1_000, rel=1e-9)
    assert histogram.mean_ms == pytest.approx(sum((0.001, 0.5, 3.2, 3.2, 870.0, 119_000.0)) / 6, rel=1e-3)
    assert LatencyHistogram().mean_ms is None
