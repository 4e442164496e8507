"""The outcome of each request, and the figures of an outage, which are computed from many outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass

# Waiting requests are refused after 5 s, so a faster refusal was immediate.
AT_ONCE_BELOW_S = 4.5
# A request that fails later than this after its connection ended has failed for another reason, such as the pool's
# timeout of 5 s.
CUT_OFF_WITHIN_S = 4.5


@dataclass(frozen=True)
class Reply:
    """One request from the time it was due until its response was read, in seconds of the monotonic clock.

    Without a complete response `status` is 0 and `error` names the reason.
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
        """Whether the response has the status expected of this kind of request."""
        return self.status == (201 if self.kind == "write" else 200)

    @property
    def failed(self) -> bool:
        """Whether the application failed: it answered with a 5xx, or not at all."""
        return self.status == 0 or self.status >= 500

    @property
    def throttled(self) -> bool:
        """Whether Lambda throttled the request, which is neither a success nor an error of the application."""
        return self.status == 429

    @property
    def latency_s(self) -> float:
        return self.ended_s - self.due_s


def failures(replies: Iterable[Reply]) -> list[Reply]:
    """Return the replies that failed."""
    return [reply for reply in replies if reply.failed]


def was_cut_off(error: Reply, begin_s: float, end_s: float, *, within_s: float = CUT_OFF_WITHIN_S) -> bool:
    """Return whether a request failed within `within_s` because the case ended its connection between two times."""
    return error.due_s <= end_s and begin_s <= error.ended_s <= end_s + within_s


def recovery_s(replies: Iterable[Reply], ready_s: float, *, kind: str | None = None) -> float:
    """Return the seconds from the database's readiness to the next success, or infinity if there is none."""
    successes = (reply for reply in replies if reply.succeeded and kind in (None, reply.kind))
    return min((reply.ended_s for reply in successes if reply.ended_s >= ready_s), default=float("inf")) - ready_s


def served(replies: Iterable[Reply], begin_s: float, end_s: float) -> int:
    """Return the number of requests that began and succeeded between two times, which is 0 if the database was down.

    A response to an earlier request may still be on its way.
    """
    return sum(reply.succeeded and begin_s < reply.due_s and reply.ended_s < end_s for reply in replies)


def clear_s(replies: Iterable[Reply], ready_s: float) -> float:
    """Return the seconds from the database's readiness to the last error, or 0 without a later error."""
    return max((reply.ended_s - ready_s for reply in replies if reply.failed and reply.ended_s > ready_s), default=0.0)


def longest_s(replies: Iterable[Reply]) -> float:
    """Return the longest latency in seconds, or 0 without replies."""
    return max((reply.latency_s for reply in replies), default=0.0)


def without_retry_after(replies: Iterable[Reply]) -> int:
    """Return the number of errors other than a 503 or 504 with a Retry-After header."""
    return sum(reply.failed and not (reply.status in (503, 504) and reply.retry_after) for reply in replies)
