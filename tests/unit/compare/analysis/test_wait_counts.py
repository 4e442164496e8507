from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.config.values.wait_buckets import bucket_of

FAST, SLOW = bucket_of(100), bucket_of(9_000)


def test_the_p99_is_the_upper_edge_of_its_bucket():
    assert WaitCounts.of_buckets(0, {FAST: 990, SLOW: 10}).p99_ms == 0.103
    assert WaitCounts.of_buckets(0, {FAST: 989, SLOW: 11}).p99_ms == 9.215


def test_a_p99_needs_a_thousand_waits_and_their_buckets():
    assert WaitCounts.of_buckets(0, {FAST: 999}).p99_ms is None
    assert WaitCounts(5_000, 900, None).p99_ms is None


def test_the_mean_needs_one_wait():
    assert WaitCounts(4, 10_000, None).mean_ms == 2.5
    assert WaitCounts().mean_ms is None


def test_earlier_waits_are_left_out():
    before, after = WaitCounts.of_buckets(700, {FAST: 7}), WaitCounts.of_buckets(10_700, {FAST: 8, SLOW: 1})

    assert after.since(before) == WaitCounts(2, 10_000, {FAST: 1, SLOW: 1})
    assert WaitCounts(9, 90, None).since(WaitCounts(4, 50, None)) == WaitCounts(5, 40, None)


def test_the_waits_of_several_processes_are_added():
    parts = [WaitCounts.of_buckets(100, {FAST: 1}), WaitCounts.of_buckets(9_100, {FAST: 1, SLOW: 1})]

    assert WaitCounts.sum(parts) == WaitCounts(3, 9_200, {FAST: 2, SLOW: 1})
