"""The outcome of one contender in one round."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.pools.clients import Answer
from django_runtimes.compare.record.sampled_connections import SampledConnections


@dataclass(frozen=True)
class Interval:
    """From one monotonic time to another."""

    begin_s: float
    end_s: float

    def contains(self, answer: Answer) -> bool:
        """Return whether a request was sent in the interval."""
        return self.begin_s <= answer.sent_s < self.end_s


@dataclass(frozen=True)
class Errors:
    """The requests sent in an interval, and how many of them failed, by the class of the error."""

    sent: int
    by_class: Counter[str]

    @classmethod
    def of(cls, answers: Sequence[Answer], interval: Interval) -> "Errors":
        """Count the answers to the requests of an interval."""
        within = [answer for answer in answers if interval.contains(answer)]
        return cls(len(within), Counter(answer.error for answer in within if answer.error))

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(self.sent + other.sent, self.by_class + other.by_class)


@dataclass(frozen=True)
class Outcome:
    """What one contender did in one round.

    `busy` and `restarted` are the connections held under load, before and after a restart of the server; `idle` is
    their number at the end of the quiet phase. `waits_ms` are those of the busy phase. `down_errors` are of requests
    sent while the server was stopped, `later_errors` of those sent after it answered again; `recovered_s` is the time
    from that moment to the last of these errors.
    """

    busy: SampledConnections
    idle: int
    restarted: SampledConnections
    waits_ms: tuple[float, ...]
    busy_errors: Errors
    down_errors: Errors
    later_errors: Errors
    recovered_s: float


def waits_of(answers: Sequence[Answer], interval: Interval) -> tuple[float, ...]:
    """Return the waits of the requests of an interval, in milliseconds, without those that failed."""
    return tuple(answer.wait_ms for answer in answers if interval.contains(answer) and answer.wait_ms is not None)


def recovered_s(answers: Sequence[Answer], interval: Interval) -> float:
    """Return the time from the interval's begin to the last failed request's sending in it; 0 without one."""
    failed = [answer.sent_s for answer in answers if interval.contains(answer) and answer.error]
    return max(failed, default=interval.begin_s) - interval.begin_s
