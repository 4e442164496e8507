"""Finds how late the load generator sent the requests of valid blocks, and how much that raised their latencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django_runtimes.compare.analysis.percentile import CONFIDENCE, latency_of
from django_runtimes.compare.intervals.order_statistics import share_interval
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import ScenarioResult


@dataclass(frozen=True)
class Lateness:
    """The late sends of a scenario's valid blocks, the interval of their share, and the latencies with and without.

    The latencies count from the moment a request was due, and from its sending.
    """

    sent: int
    late: int
    low: float
    high: float
    due: LatencyHistogram
    from_send: LatencyHistogram

    @property
    def p99_rise(self) -> float | None:
        """The factor by which late sends raised the p99; None without a p99."""
        due_ms, from_send_ms = self.due.p99_ms, self.from_send.p99_ms
        return None if due_ms is None or not from_send_ms else due_ms / from_send_ms


def lateness_of(scenario: ScenarioResult) -> Lateness | None:
    """Return the lateness of a scenario; None if no request of a valid block was sent."""
    valid = [block for block in scenario.blocks if block.void is None]
    sent, late = sum(block.sent for block in valid), sum(block.late for block in valid)
    if sent == 0:
        return None
    low, high = share_interval(late, sent, confidence=CONFIDENCE)
    from_send = _merged(tuple(block.histogram_from_send for block in valid))
    return Lateness(sent, late, low, high, latency_of(scenario), from_send)


# Every format of a report needs the same histograms.
@lru_cache(maxsize=256)
def _merged(texts: Sequence[str]) -> LatencyHistogram:
    return LatencyHistogram.merged(LatencyHistogram.decoded(text) for text in texts)
