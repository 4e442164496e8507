"""The measurements of one block of requests."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django_runtimes.compare.intervals.order_statistics import share_interval
from django_runtimes.compare.load.histogram import LatencyHistogram

# A request is late if it is sent more than this after it was due.
LATE_MS = 5.0
# A request that has no complete answer after this time is an error of this class.
TIMEOUT_S = 30.0
TIMEOUT = "timeout"

# Statuses of an overloaded target, which a comparison is meant to show.
_OVERLOAD = frozenset({"status_429", "status_503", "status_504"})

# A late send raises the latency, which counts from the moment the request was due. A block is void if late sends raise
# its median by more than this share, and if surely more than MAX_LATE_SHARE of its sends raised their own latency as
# much: in a short block a single late send can move the median.
MAX_RISE = 0.1
MAX_LATE_SHARE = 0.01
# The lower bound of a two-sided interval of 90 % is too high in 5 % of blocks.
_CONFIDENCE = 0.90
_MAX_CPU_SHARE = 0.70


@dataclass(frozen=True)
class Outcome:
    """One request and its answer; `error` is None for the expected answer.

    `latency_ms` counts from the moment at which the request was due, and `late_ms` is how much later it was sent.
    `seen` describes an unexpected answer, with a remedy.
    """

    request: str
    latency_ms: float
    late_ms: float
    error: str | None
    seen: str = ""

    @property
    def ok(self) -> bool:
        """Whether the expected answer arrived in time."""
        return self.error is None


@dataclass(frozen=True)
class Block:
    """Requests sent to one target without a break; `void` is the reason why the latencies are not valid, or None.

    `latency` includes the expected answers and, with the maximum, the timeouts. It leaves out other errors, since a
    target that refuses at once would look fast. `latency_from_send` has the latencies of the same requests since they
    were sent.
    """

    sent: int
    late: int
    ok: int
    errors: Mapping[str, int]
    latency: LatencyHistogram
    latency_from_send: LatencyHistogram
    duration_s: float
    void: str | None
    first_wrong: str | None = None
    # The mean number of CPUs that processes outside of the run kept busy; None if it was not measured.
    other_cpus: float | None = None

    @property
    def wrong(self) -> int:
        """The number of answers with an unexpected status that is not due to overload."""
        return sum(count for error, count in self.errors.items() if _is_wrong(error))


def block_of(outcomes: Iterable[Outcome], *, duration_s: float, cpu_share: float = 0.0) -> Block:
    """Return the block with these outcomes, whose requests were due within `duration_s`.

    `cpu_share` is the share of one CPU that the generator's process used, from 0 to 1.
    """
    latency, latency_from_send = LatencyHistogram(), LatencyHistogram()
    errors: Counter[str] = Counter()
    sent = late = raised = 0
    first_wrong = None
    for outcome in outcomes:
        sent += 1
        late += outcome.late_ms > LATE_MS
        if outcome.error is not None:
            errors[outcome.error] += 1
            if first_wrong is None and _is_wrong(outcome.error):
                first_wrong = f"{outcome.request!r}: {outcome.seen}"
        if outcome.error in (None, TIMEOUT):
            latency.record(outcome.latency_ms)
            from_send_ms = outcome.latency_ms - outcome.late_ms
            latency_from_send.record(from_send_ms)
            raised += outcome.late_ms > MAX_RISE * from_send_ms
    return Block(
        sent=sent,
        late=late,
        ok=sent - errors.total(),
        errors=dict(sorted(errors.items())),
        latency=latency,
        latency_from_send=latency_from_send,
        duration_s=duration_s,
        void=_reason_to_void(latency, latency_from_send, raised, cpu_share),
        first_wrong=first_wrong,
    )


def _is_wrong(error: str) -> bool:
    return error.startswith("status_") and error not in _OVERLOAD


def _reason_to_void(
    latency: LatencyHistogram, from_send: LatencyHistogram, raised: int, cpu_share: float
) -> str | None:
    """Return why a block is void, because the load generator was too slow; None for a valid block.

    `raised` is the number of sends whose lateness raised their own latency by more than MAX_RISE.
    """
    if cpu_share > _MAX_CPU_SHARE:
        return f"the load generator used {cpu_share:.0%} of a CPU (the limit is {_MAX_CPU_SHARE:.0%})"
    p50_ms, p50_from_send_ms = latency.p50_ms, from_send.p50_ms
    if p50_ms is None or p50_from_send_ms is None or p50_ms <= (1 + MAX_RISE) * p50_from_send_ms:
        return None
    surely, _ = share_interval(raised, latency.count, confidence=_CONFIDENCE)
    if surely <= MAX_LATE_SHARE:
        return None
    return (
        f"late sends raised the median from {p50_from_send_ms:.3g} to {p50_ms:.3g} ms (the limit is {MAX_RISE:.0%}), "
        f"and {raised} of {latency.count} latencies"
    )
