"""A measured figure with its interval, and what it says about a limit."""

from dataclasses import dataclass
from enum import StrEnum

from django_runtimes.compare.analysis.percentile import Percentile
from django_runtimes.compare.analysis.ratio import Ratio


class GateVerdict(StrEnum):
    """The verdict on a condition; its text begins a line of the output."""

    HOLDS = "FAILED"
    PASSES = "passed"
    UNDECIDED = "undecided"
    NOT_JUDGED = "NOT JUDGED"


@dataclass(frozen=True)
class GateFigure:
    """A figure; a bound is None if it is unknown, and the `confidence` if the figure has no interval.

    `unverified` has the keys of the unverified prices and billing rules that an amount depends on, and `assumed` the
    KEYs of assumed values that decide how many tasks it contains.
    """

    value: float
    low: float | None
    high: float | None
    confidence: float | None
    unverified: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @classmethod
    def exact(cls, value: float, *, unverified: tuple[str, ...] = (), assumed: tuple[str, ...] = ()) -> "GateFigure":
        """Return a figure without an interval."""
        return cls(value, value, value, None, unverified, assumed)

    @classmethod
    def of_ratio(cls, ratio: Ratio) -> "GateFigure":
        """Return the figure of a ratio."""
        return cls(ratio.estimate, ratio.low, ratio.high, ratio.confidence)

    @classmethod
    def of_percentile(cls, percentile: Percentile, confidence: float) -> "GateFigure":
        """Return the figure of a latency in ms."""
        return cls(percentile.value_ms, percentile.low_ms, percentile.high_ms, confidence)

    def verdict(self, limit: float) -> GateVerdict:
        """Return whether the whole interval is above the limit, or the whole interval is not."""
        if self.low is not None and self.low > limit:
            return GateVerdict.HOLDS
        if self.high is not None and self.high <= limit:
            return GateVerdict.PASSES
        return GateVerdict.UNDECIDED
