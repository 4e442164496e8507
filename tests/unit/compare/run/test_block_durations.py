import pytest

from django_runtimes.compare.run.phases.block_durations import block_duration_s, block_durations_s, p99_notice

THREE_LOADS = [(scenario, rate_rps) for scenario in ("read", "write") for rate_rps in (10.0, 50.0, 80.0)]
OF_FIVE_TARGETS = {"pairs": 30, "subjects": 5}


@pytest.mark.parametrize(
    ("rate_rps", "left_s", "expected_s"),
    [(100.0, 250.0, 1.0), (100.0, 10.0, 0.4), (10.0, 10.0, 1.5), (0.1, 250.0, 5.0), (100.0, 1e6, 5.0)],
)
def test_blocks_share_the_time_that_is_left(rate_rps, left_s, expected_s):
    assert block_duration_s(rate_rps, blocks=200, left_s=left_s) == pytest.approx(expected_s)


def samples(durations_s: dict[tuple[str, float], float], left_s: float) -> dict[float, int]:
    """Return the reads of each target that fit into the time, by rate, with 5 targets and a quarter of overhead."""
    rounds = min(30, left_s / (1.25 * 5 * sum(durations_s.values())))
    return {key[1]: round(rounds * each_s * key[1]) for key, each_s in durations_s.items() if key[0] == "read"}


def test_without_a_p99_all_loads_share_the_time():
    shared = block_durations_s(THREE_LOADS, **OF_FIVE_TARGETS, left_s=680.0, wants_p99=False)

    assert [round(shared["read", rate_rps], 2) for rate_rps in (10.0, 50.0, 80.0)] == [1.5, 0.6, 0.6]


def test_the_highest_loads_get_the_samples_of_a_p99_first():
    durations_s = block_durations_s(THREE_LOADS, **OF_FIVE_TARGETS, left_s=680.0, wants_p99=True)

    found = samples(durations_s, 680.0)
    assert found[80.0] >= 1_090
    assert found[10.0] < 1_000


def test_with_enough_time_every_load_gets_the_samples_of_a_p99():
    durations_s = block_durations_s(THREE_LOADS, **OF_FIVE_TARGETS, left_s=3_300.0, wants_p99=True)

    assert min(samples(durations_s, 3_300.0).values()) >= 1_090
    assert p99_notice(durations_s, **OF_FIVE_TARGETS, budget_s=3_600.0, left_s=3_300.0) is None


def test_a_low_rate_gets_blocks_that_are_long_enough_for_its_p99():
    durations_s = block_durations_s([("read", 2.0)], pairs=30, subjects=2, left_s=3_000.0, wants_p99=True)

    assert durations_s["read", 2.0] == pytest.approx(18.3, abs=0.1)


def test_without_time_for_a_p99_the_highest_load_gets_its_bound():
    slow = [("read", 5.0), ("read", 25.0), ("read", 40.0)]

    found = samples(block_durations_s(slow, **OF_FIVE_TARGETS, left_s=400.0, wants_p99=True), 400.0)

    assert 368 <= found[40.0] < 1_000


def test_fewer_pairs_than_a_verdict_needs_are_not_planned_for_a_p99():
    loads = [("read", 20.0)]

    assert block_durations_s(loads, pairs=30, subjects=5, left_s=20.0, wants_p99=True) == block_durations_s(
        loads, pairs=30, subjects=5, left_s=20.0, wants_p99=False
    )


def test_the_notice_names_the_loads_and_a_budget_that_is_long_enough():
    durations_s = block_durations_s(THREE_LOADS, **OF_FIVE_TARGETS, left_s=680.0, wants_p99=True)

    notice = p99_notice(durations_s, **OF_FIVE_TARGETS, budget_s=900.0, left_s=680.0)

    assert notice is not None
    assert notice.startswith("too little time for the p99 of read 10/s, ")
    assert notice.endswith("; give a --budget of 35m, fewer targets or higher rates")


def test_the_notice_names_no_budget_if_none_is_long_enough():
    notice = p99_notice({("read", 0.5): 5.0}, pairs=30, subjects=2, budget_s=900.0, left_s=600.0)

    assert notice is not None
    assert notice.endswith("of each target; give fewer targets or higher rates")


def test_without_a_load_there_is_nothing_to_plan():
    assert block_durations_s([], **OF_FIVE_TARGETS, left_s=680.0, wants_p99=True) == {}
    assert p99_notice({}, **OF_FIVE_TARGETS, budget_s=900.0, left_s=680.0) is None
