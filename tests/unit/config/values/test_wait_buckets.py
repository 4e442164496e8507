import pytest

from django_runtimes.config.values.wait_buckets import BUCKETS, bucket_of, read_waits, upper_edge_us, waits_text


@pytest.mark.parametrize(("waited_us", "edge_us"), [(0, 0), (15, 15), (16, 17), (1_000, 1_023), (1_024, 1_151)])
def test_a_wait_is_at_most_an_eighth_shorter_than_the_edge_of_its_bucket(waited_us: int, edge_us: int):
    assert upper_edge_us(bucket_of(waited_us)) == edge_us


def test_the_buckets_follow_each_other_without_gaps():
    assert [bucket_of(upper_edge_us(bucket)) for bucket in range(BUCKETS - 1)] == list(range(BUCKETS - 1))
    assert [bucket_of(upper_edge_us(bucket) + 1) for bucket in range(BUCKETS - 1)] == list(range(1, BUCKETS))


def test_the_longest_waits_share_the_last_bucket():
    assert bucket_of(120_000_000) == bucket_of(10**12) == BUCKETS - 1


def test_waits_become_a_short_text_and_back():
    text = waits_text(5_210, {40: 1, 12: 3})

    assert text == "5210;12:3;40:1"
    assert read_waits(text) == (5_210, {12: 3, 40: 1})
    assert read_waits(waits_text(0, {})) == (0, {})
