"""The outcome of one contender: waits and errors by phase."""

from collections import Counter

from benchmarks.pools.clients import Answer
from benchmarks.pools.outcome import Errors, Interval, recovered_s, waits_of

BUSY = Interval(10, 20)
ANSWERS = [
    Answer(9.9, 80, 1.0),
    Answer(10.0, 80, 2.0),
    Answer(15.0, 80, None, "PoolError"),
    Answer(19.9, 80, 4.0),
    Answer(20.0, 80, None, "OperationalError"),
]


def test_waits_are_of_answered_requests_that_were_sent_in_the_interval():
    assert waits_of(ANSWERS, BUSY) == (2.0, 4.0)


def test_errors_are_counted_by_class_and_interval():
    assert Errors.of(ANSWERS, BUSY) == Errors(3, Counter({"PoolError": 1}))
    assert Errors.of(ANSWERS, BUSY) + Errors.of(ANSWERS, Interval(20, 30)) == Errors(
        4, Counter({"PoolError": 1, "OperationalError": 1})
    )


def test_the_recovery_ends_with_the_last_failed_request():
    assert recovered_s(ANSWERS, Interval(12, 30)) == 8.0
    assert recovered_s(ANSWERS, Interval(16, 19)) == 0.0
