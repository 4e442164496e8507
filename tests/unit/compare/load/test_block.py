import pytest

from django_runtimes.compare.load.block import Outcome, block_of, reason_to_void


def outcome(latency_ms: float = 5.0, *, late_ms: float = 0.1, error: str | None = None) -> Outcome:
    return Outcome(request="list", latency_ms=latency_ms, late_ms=late_ms, error=error)


def test_outcomes_are_counted_by_class():
    block = block_of(
        [outcome(), outcome(error="status_503"), outcome(error="connection_reset"), outcome(error="status_503")]
    )

    assert (block.sent, block.ok) == (4, 1)
    assert block.errors == {"connection_reset": 1, "status_503": 2}


def test_refused_requests_do_not_lower_the_latency():
    block = block_of([outcome(40.0), outcome(0.5, error="status_503")])

    assert block.latency.count == 1
    assert block.latency.p50_ms == pytest.approx(40.0, rel=0.001)


def test_a_timeout_is_an_error_and_one_of_the_latencies():
    block = block_of([outcome(40.0), outcome(30_000.0, error="timeout")])

    assert block.errors == {"timeout": 1}
    assert block.latency.count == 2
    assert block.latency.max_ms == pytest.approx(30_000.0, rel=0.001)


def test_a_send_is_late_after_more_than_five_milliseconds():
    assert block_of([outcome(late_ms=5.0), outcome(late_ms=5.1)]).late == 1


def test_a_block_is_valid_with_one_late_send_in_a_hundred():
    outcomes = [outcome()] * 99 + [outcome(late_ms=6.0)]

    assert reason_to_void(outcomes, cpu_share=0.7) is None


def test_a_block_is_void_with_two_late_sends_in_a_hundred():
    outcomes = [outcome()] * 98 + [outcome(late_ms=6.0)] * 2

    assert reason_to_void(outcomes, cpu_share=0.1) == ("2 of 100 sends were more than 5 ms late (at most 1% may be)")


def test_a_block_is_void_when_the_load_generator_was_busy():
    assert reason_to_void([outcome()] * 100, cpu_share=0.82) == (
        "the load generator used 82% of a CPU (it may use 70%)"
    )


def test_a_block_without_arrivals_is_not_void():
    assert reason_to_void([], cpu_share=0.0) is None
