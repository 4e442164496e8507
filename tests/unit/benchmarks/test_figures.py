from dataclasses import replace

import pytest
from benchmarks.contenders import servers
from benchmarks.figures import Figure, Results, figures
from benchmarks.ratio import Ratio


def figure(results: Results, words: str) -> Figure:
    (found,) = [each for each in figures(results) if words in each.name]
    return found


def crowded(results: Results, **change: float) -> Results:
    ours = [replace(load, **change) for load in results.containers.crowd[servers.OURS]]
    crowd = results.containers.crowd | {servers.OURS: ours}
    return replace(results, containers=replace(results.containers, crowd=crowd))


def test_there_is_one_figure_for_each_bar(results: Results):
    assert [(each.sign, each.bar, each.goal) for each in figures(results)] == [
        ("≤", 1.05, 1.0),
        ("≤", 1.02, 1.0),
        ("≤", 0.06, 0.04),
        ("≤", 0.90, 0.85),
        ("≥", 6.0, 9.0),
        ("≥", 2.5, 3.2),
        ("≥", 0.90, 1.0),
        ("≤", 1.0, 1.0),
    ]


def test_every_ratio_is_ours_over_the_peers(results: Results):
    assert [each.ratio.median for each in figures(results)] == [1.0, 1.2, 0.05, 0.95, 6.0, 3.0, 0.75, 1.0]


@pytest.mark.parametrize(
    ("sign", "ratio", "met", "goal_met"),
    [
        ("≤", 1.3, False, False),
        ("≤", 1.2, True, False),
        ("≤", 1.0, True, True),
        ("≥", 0.9, False, False),
        ("≥", 1.2, True, False),
        ("≥", 1.5, True, True),
    ],
)
def test_the_sign_decides_how_the_median_is_judged(sign, ratio, met, goal_met):
    bar, goal = (1.25, 1.0) if sign == "≤" else (1.0, 1.5)

    judged = Figure("", "", 0, 0, Ratio(ratio, ratio / 2, ratio * 2), sign, bar, goal)

    assert (judged.met, judged.goal_met) == (met, goal_met)


def test_the_better_of_the_two_asgi_servers_is_the_peer(results: Results):
    assert figure(results, "the better of").peer == 2_000.0


def test_connections_are_compared_with_workers_times_threads(results: Results):
    measured = replace(results.containers, backends=[16.0, 24.0, 24.0, 24.0, 16.0])

    found = figure(replace(results, containers=measured), "PostgreSQL connections")

    assert (found.ours, found.peer, found.ratio.median, found.met) == (24.0, 16.0, 1.5, False)


def test_a_low_p99_without_refusals_meets_the_goal(results: Results):
    assert figure(results, "PostgreSQL connections").goal_met


def test_a_p99_above_gthreads_meets_the_bar_but_not_the_goal(results: Results):
    found = figure(crowded(results, p99_ms=60.0), "PostgreSQL connections")

    assert (found.met, found.goal_met) == (True, False)


def test_a_p99_that_is_low_because_of_refusals_misses_the_goal(results: Results):
    found = figure(crowded(results, p99_ms=1.0, refused=1), "PostgreSQL connections")

    assert (found.met, found.goal_met) == (True, False)
    assert "5 of 10000 refused" in found.condition
