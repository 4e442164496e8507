"""What became of one request, and what many of them say about an outage."""

from collections.abc import Iterable
from dataclasses import dataclass

# Whoever fails later has failed at something else, too.
_CUT_OFF_WITHIN_S = 0.5


@dataclass(frozen=True)
class Reply:
    """One request from the moment it was due until its answer was read; times on the monotonic clock.

    `status` is 0 when no whole answer came, `error` says why.
    """

    kind: str
    key: str | None
    due_s: float
    ended_s: float
    status: int
    error: str | None = None
    retry_after: str | None = None
    leaks: bool = False
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the answer is the one that the request asks for."""
        return self.status == (201 if self.kind == "write" else 200)

    @property
    def failed(self) -> bool:
        """Whether it counts as the application's error: a 5xx, or no answer."""
        return self.status == 0 or self.status >= 500

    @property
    def throttled(self) -> bool:
        """Whether Lambda refused it above the concurrency limit: neither a success nor an error of the application."""
        return self.status == 429

    @property
    def latency_s(self) -> float:
        return self.ended_s - self.due_s


def failures(replies: Iterable[Reply]) -> list[Reply]:
    """The errors."""
    return [reply for reply in replies if reply.failed]


def was_cut_off(error: Reply, begin_s: float, end_s: float) -> bool:
    """Whether a request was under way while the case itself ended its connection, and failed for that."""
    return error.due_s <= end_s and begin_s <= error.ended_s <= end_s + _CUT_OFF_WITHIN_S


def recovery_s(replies: Iterable[Reply], ready_s: float, *, kind: str | None = None) -> float:
    """From the moment the database was ready to the first success after it; infinite when there is none."""
    successes = (reply for reply in replies if reply.succeeded and kind in (None, reply.kind))
    return min((reply.ended_s for reply in successes if reply.ended_s >= ready_s), default=float("inf")) - ready_s


def served(replies: Iterable[Reply], begin_s: float, end_s: float) -> int:
    """How many successes ended between two moments: none while the database is away, or it is not away."""
    return sum(reply.succeeded and begin_s < reply.ended_s < end_s for reply in replies)


def clear_s(replies: Iterable[Reply], ready_s: float) -> float:
    """From the moment the database was ready to the last error's answer; 0 when none came after it."""
    return max((reply.ended_s - ready_s for reply in replies if reply.failed and reply.ended_s > ready_s), default=0.0)


def longest_s(replies: Iterable[Reply]) -> float:
    """The longest time from due to answered; 0 without replies."""
    return max((reply.latency_s for reply in replies), default=0.0)


def without_retry_after(replies: Iterable[Reply]) -> int:
    """How many errors are not a 503 or 504 that says when to come back."""
    return sum(reply.failed and not (reply.status in (503, 504) and reply.retry_after) for reply in replies)
