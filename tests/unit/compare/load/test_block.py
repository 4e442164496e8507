import pytest

from django_runtimes.compare.load.block import Outcome, block_of


def outcome(latency_ms: float = 5.0, *, late_ms: float = 0.0, error: str | None = None) -> Outcome:
    return Outcome(request="list", latency_ms=latency_ms, late_ms=late_ms, error=error)


def test_outcomes_are_counted_by_class():
    block = block_of(
        [outcome(), outcome(error="status_503"), outcome(error="connection_reset"), outcome(error="status_503")],
        duration_s=1.0,
    )

    assert (block.sent, block.ok) == (4, 1)
    assert block.errors == {"connection_reset": 1, "status_503": 2}


def test_refused_requests_do_not_lower_the_latency():
    block = block_of([outcome(40.0), outcome(0.5, error="status_503")], duration_s=1.0)

    assert block.latency.count == 1
    assert block.latency.p50_ms == pytest.approx(40.0, rel=0.001)


def test_a_timeout_is_an_error_and_one_of_the_latencies():
    block = block_of([outcome(40.0), outcome(30_000.0, error="timeout")], duration_s=1.0)

    assert block.errors == {"timeout": 1}
    assert block.latency.count == 2
    assert block.latency.max_ms == pytest.approx(30_000.0, rel=0.001)


def test_a_send_is_late_after_more_than_five_milliseconds():
    assert block_of([outcome(late_ms=5.0), outcome(late_ms=5.1)], duration_s=1.0).late == 1


def test_latencies_are_kept_since_the_due_time_and_since_sending():
    block = block_of([outcome(12.0, late_ms=2.0)], duration_s=1.0)

    assert block.latency.p50_ms == pytest.approx(12.0, rel=0.001)
    assert block.latency_from_send.p50_ms == pytest.approx(10.0, rel=0.001)


def test_late_sends_that_do_not_raise_the_median_leave_a_block_valid():
    outcomes = [outcome()] * 60 + [outcome(45.0, late_ms=40.0)] * 40

    assert block_of(outcomes, duration_s=1.0, cpu_share=0.7).void is None


def test_small_delays_of_many_sends_void_a_block():
    outcomes = [outcome(5.0)] * 40 + [outcome(5.7, late_ms=0.7)] * 60

    assert block_of(outcomes, duration_s=1.0).void == (
        "late sends raised the median from 5 to 5.7 ms (the limit is 10%), and 60 of 100 latencies"
    )


@pytest.mark.parametrize(("late", "is_void"), [(1, False), (2, True)])
def test_a_single_late_send_does_not_void_a_short_block(late: int, is_void: bool):
    # The median of 15 requests is the eighth: 4.2 ms from the sending, and 5 ms if one of these was late.
    outcomes = [outcome(4.0)] * (8 - late) + [outcome(34.2, late_ms=30.0)] * late + [outcome(5.0)] * 7

    block = block_of(outcomes, duration_s=1.0)

    assert block.latency.p50_ms == pytest.approx(5.0, rel=0.001)
    assert (block.void is not None) is is_void


def test_lateness_beside_long_latencies_leaves_a_block_valid():
    # Half of the sends are late by 9 % of their latency.
    outcomes = [outcome(218.0, late_ms=18.0)] * 60 + [outcome(200.0)] * 40

    block = block_of(outcomes, duration_s=1.0)

    assert (block.late, block.void) == (60, None)


def test_small_delays_do_not_void_a_block_with_long_latencies():
    assert block_of([outcome(50.5, late_ms=0.5)] * 100, duration_s=1.0).void is None


def test_a_block_is_void_when_the_load_generator_was_busy():
    assert block_of([outcome(late_ms=0.0)] * 100, duration_s=1.0, cpu_share=0.82).void == (
        "the load generator used 82% of a CPU (the limit is 70%)"
    )


def test_a_block_without_arrivals_is_not_void():
    assert block_of([], duration_s=1.0).void is None
