import pytest

from django_runtimes.compare.load.arrivals import choose_templates, poisson_arrivals
from tests.guestbook import guestbook_workload


def test_the_same_seed_gives_every_target_the_same_schedule():
    assert poisson_arrivals(50, 10, seed=3) == poisson_arrivals(50, 10, seed=3)
    assert poisson_arrivals(50, 10, seed=3) != poisson_arrivals(50, 10, seed=4)


def test_arrivals_are_sorted_and_within_the_block():
    offsets_s = poisson_arrivals(50, 10, seed=1)

    assert list(offsets_s) == sorted(offsets_s)
    assert offsets_s[0] > 0
    assert offsets_s[-1] < 10


def test_arrivals_have_the_mean_and_variance_of_a_poisson_process():
    offsets_s = poisson_arrivals(100, 1_000, seed=1)
    per_second = [0] * 1_000
    for offset_s in offsets_s:
        per_second[int(offset_s)] += 1
    mean = len(offsets_s) / 1_000

    assert mean == pytest.approx(100, rel=0.02)
    # The variance of a Poisson process equals its mean; constant arrivals have no variance.
    assert sum((count - mean) ** 2 for count in per_second) / 1_000 == pytest.approx(mean, rel=0.15)


def test_a_rate_too_low_for_the_block_gives_no_arrival():
    assert poisson_arrivals(0.001, 0.1, seed=1) == ()


def test_requests_are_chosen_by_their_share():
    reads = guestbook_workload().of_scenario("read")

    chosen = choose_templates(reads, 10_000, seed=1)

    assert len(chosen) == 10_000
    assert chosen.count(reads[0]) == pytest.approx(7_500, rel=0.03)
    assert chosen == choose_templates(reads, 10_000, seed=1)
