"""The phases of a measurement: what they measure, and what they leave out for lack of time."""

from dataclasses import replace

import pytest

from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.record.timeline import BackendTimeline
from django_runtimes.compare.run import measurement
from django_runtimes.compare.run.measurement import WARM_UP_WINDOWS
from django_runtimes.compare.services.data_api.call_counts import CallCounts
from tests.unit.compare.run.fake_measurement import APP_RUNNER, ECS, FakeMeasurement

RATES = {"read": (25.0,), "write": (25.0,)}


def given_rates(found: FakeMeasurement) -> FakeMeasurement:
    """Return the measurement at given rates, without the search for capacities."""
    found.plan = replace(found.plan, rates_rps=RATES)
    return found


def busy_until_48_percent(found: FakeMeasurement) -> FakeMeasurement:
    """Give the measurement a limit of 100 s, of which the first requests take 34 s and the only cold start 14 s."""
    requests = sum(len(subject.requests(found.plan.workload)) for subject in found.subjects)
    found.limit_s, found.costs_s = 100.0, {"single": 34.0 / requests, "cold start": 14.0}
    return found


def test_with_enough_time_every_phase_is_measured():
    found = FakeMeasurement().run()

    (subject,) = found.subjects
    assert subject.failure is None
    assert found.limit.left_out == []
    assert (found.number("cold start"), len(subject.cold_starts)) == (2, 2)
    assert {key: len(blocks) for key, blocks in subject.blocks.items() if key[1] is None} == {
        ("burst_cold", None): 1, ("burst", None): 5,
    }  # fmt: skip
    assert [len(blocks) for key, blocks in subject.blocks.items() if key[1] is not None] == [2, 2]
    assert {scenario: capacity.is_certain for scenario, capacity in subject.capacities.items()} == {
        "read": True, "write": True,
    }  # fmt: skip


@pytest.mark.parametrize(("busy_s", "has_bursts"), [(2.7, True), (2.9, False)])
def test_bursts_begin_only_within_their_share_of_the_limit(busy_s: float, has_bursts: bool):
    # The warm-up of three targets, with a window for each scenario, ends at 64.2 or 65.4 % of the limit.
    found = busy_until_48_percent(given_rates(FakeMeasurement(names=(ECS, APP_RUNNER, "aws_ecs/persistent/direct"))))
    found.costs_s["busy"] = busy_s

    found.run()

    assert ("bursts of 40 (3 of 3 steps)" in found.limit.left_out) is not has_bursts
    for subject in found.subjects:
        assert (("burst", None) in subject.blocks) is has_bursts
        assert ("read", 25.0) in subject.blocks


def test_a_target_is_warm_once_two_windows_are_alike():
    found = given_rates(FakeMeasurement(busy_ms=lambda index: {1: 50.0, 2: 20.0}.get(index, 5.0)))

    found.run()

    # Read: 50, 20, 5 and 5 ms. The other three warm-ups have two windows of 5 ms.
    assert found.number("busy") == 4 + 3 * 2


def test_a_target_that_does_not_get_warm_has_a_last_window():
    found = given_rates(FakeMeasurement(busy_ms=lambda index: 5.0 if index % 2 else 50.0))

    found.run()

    assert found.number("busy") == 2 * 2 * WARM_UP_WINDOWS
    assert found.limit.left_out == []


def test_further_windows_of_a_warm_up_are_left_out_after_half_of_the_time():
    found = busy_until_48_percent(given_rates(FakeMeasurement(busy_ms=lambda index: 5.0 if index % 2 else 50.0)))
    found.costs_s["busy"] = 3.0

    found.run()

    # One window for each scenario, before and after the bursts.
    assert found.number("busy") == 4
    assert "further windows of the warm-up" in found.limit.left_out


def slow_at_first() -> FakeMeasurement:
    """Return a measurement in which App Runner is slow until the search is repeated."""
    found = FakeMeasurement(names=(ECS, APP_RUNNER))
    found.busy_count = lambda name, index: 100 if name == ECS or "repeating" in found.shown.getvalue() else 10
    return found


def test_an_implausible_search_is_repeated():
    found = slow_at_first().run()

    slow = next(subject for subject in found.subjects if str(subject.name) == APP_RUNNER)
    assert "repeating implausible searches" in found.shown.getvalue()
    assert {capacity.rate_rps for capacity in slow.capacities.values()} == {90.0}
    assert found.limit.left_out == []


def test_an_implausible_search_is_not_repeated_late():
    # Two passes of the search, with 2 s for each of two scenarios, end at 72 % of the limit.
    found = busy_until_48_percent(slow_at_first())
    found.costs_s["busy"] = 2.0

    found.run()

    assert "repeating implausible searches" not in found.shown.getvalue()
    assert "the repetition of implausible searches" in found.limit.left_out


def test_each_block_has_the_work_of_other_processes(monkeypatch: pytest.MonkeyPatch):
    measured: list[tuple[int, ...]] = []

    class Work:
        def __init__(self, process_ids: tuple[int, ...]) -> None:
            measured.append(process_ids)

        def busy_cpus(self) -> float:
            return 0.7

    monkeypatch.setattr(measurement, "OtherWork", Work)

    (subject,) = given_rates(FakeMeasurement()).run().subjects

    blocks = [block for blocks in subject.blocks.values() for block in blocks.values()]
    assert {block.other_cpus for block in blocks} == {0.7}
    # The target's processes are the run's own.
    assert measured == [(4711,)] * len(blocks)
    assert {saved.other_cpus for scenario in subject.result().scenarios for saved in scenario.blocks} == {0.7}


def test_the_calls_of_the_data_api_are_those_of_the_steady_load():
    measurement = FakeMeasurement(names=("aws_lambda/per_request/data_api",))
    (subject,) = measurement.subjects
    counts = iter([CallCounts(1_000, 9_000_000), CallCounts(1_500, 9_000_000 + 500 * 3_072)])
    subject.read_calls = lambda: next(counts)

    measurement.run()
    subject.end_steady(0)

    sent = sum(each.sent for each in subject.result().scenarios if each.rate_rps is not None)
    assert sent > 0
    usage = subject.result().usage
    assert (usage["data_api_calls"], usage["data_api_kb"]) == (round(500 / sent, 3), 3.0)


def test_a_target_of_the_data_api_holds_no_connection():
    measurement = FakeMeasurement(names=("aws_lambda/per_request/data_api", ECS)).run()
    for subject in measurement.subjects:
        subject.windows["read", 10.0] = [SampledConnections(samples=4, peak=7, mean=2.5)]
        subject.opened = 9
        subject.backends = BackendTimeline(0.1, (7,))
    asked, pooled = (subject.result() for subject in measurement.subjects)

    assert (asked.connections.peak, asked.connections.mean, asked.connections.opened) == (0, 0.0, 0)
    assert {each.connections.peak for each in asked.scenarios} == {0}
    assert asked.backends == BackendTimeline()
    assert asked.notes == (
        "its calls ran in at most 7 sessions of the stand-in for the Data API; how many the service holds is not known",
    )
    assert (pooled.connections.peak, pooled.connections.opened, pooled.backends.peaks, pooled.notes) == (7, 9, (7,), ())
