"""Latency histograms that can be merged and saved without losing their percentiles."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from hdrh.histogram import HdrHistogram

# The range is from 1 µs to 120 s, four times the client's timeout, with 3 significant digits.
_LOWEST_US = 1
_HIGHEST_US = 120_000_000
_DIGITS = 3
# With fewer samples, fewer than ten are above the 99th percentile, and the p99 is mostly chance.
P99_SAMPLES = 1_000


class LatencyHistogram:
    """Counts of latencies in ms, each within 0.1 % of its true value."""

    def __init__(self) -> None:
        self._counts = HdrHistogram(_LOWEST_US, _HIGHEST_US, _DIGITS)

    @classmethod
    def merged(cls, histograms: "Iterable[LatencyHistogram]") -> "LatencyHistogram":
        """Return a histogram of all samples together, since percentiles must never be averaged."""
        whole = cls()
        for histogram in histograms:
            whole._counts.add(histogram._counts)
        return whole

    @classmethod
    def decoded(cls, text: str) -> "LatencyHistogram":
        """Return the histogram that `encoded` wrote."""
        histogram = cls()
        histogram._counts.decode_and_add(text)
        return histogram

    def encoded(self) -> str:
        """Return the histogram in HdrHistogram's V2 format, compressed and in base64."""
        text: bytes = self._counts.encode()
        return text.decode("ascii")

    def record(self, latency_ms: float) -> None:
        """Count one sample, clamped to the range from 1 µs to 120 s."""
        self._counts.record_value(min(max(round(latency_ms * 1_000), _LOWEST_US), _HIGHEST_US))

    @property
    def count(self) -> int:
        """The number of recorded samples."""
        total: int = self._counts.get_total_count()
        return total

    def at_rank_ms(self, rank: int) -> float:
        """Return the latency with this rank, from 1 for the shortest to `count` for the longest."""
        first, up_to = self.cumulative()
        value_us: int = self._counts.get_value_from_index(first + bisect_left(up_to, rank))
        highest_us: int = self._counts.get_highest_equivalent_value(value_us)
        return highest_us / 1_000

    def cumulative(self) -> tuple[int, list[int]]:
        """Return the bucket of the shortest latency, and the number of samples up to each bucket from there on.

        The last entry is the bucket of the longest latency. Without samples the list is empty.
        """
        if self.count == 0:
            return 0, []
        first, last = (self._bucket(value_us) for value_us in (self._counts.get_min_value(), self._counts.max_value))
        # Copying a slice of the array takes a tenth of the time of visiting its elements.
        return first, list(accumulate(self._counts.counts[first : last + 1]))

    def bucket(self, latency_ms: float) -> int:
        """Return the number of the bucket that contains this latency."""
        return self._bucket(min(round(latency_ms * 1_000), _HIGHEST_US))

    def _bucket(self, value_us: int) -> int:
        return bisect_right(range(self._counts.counts_len), value_us, key=self._counts.get_value_from_index) - 1

    @property
    def p50_ms(self) -> float | None:
        """The median in ms; None without samples."""
        return self._percentile_ms(50.0)

    @property
    def p90_ms(self) -> float | None:
        """The 90th percentile in ms; None without samples."""
        return self._percentile_ms(90.0)

    @property
    def p99_ms(self) -> float | None:
        """The 99th percentile in ms; None below 1,000 samples."""
        return self._percentile_ms(99.0) if self.count >= P99_SAMPLES else None

    @property
    def max_ms(self) -> float | None:
        """The longest latency in ms; None without samples."""
        return self._percentile_ms(100.0)

    @property
    def mean_ms(self) -> float | None:
        """The mean in ms; None without samples."""
        if self.count == 0:
            return None
        # HdrHistogram's own mean visits every empty bucket, which takes 20 times as long.
        total_us: float = sum(
            count * self._middle_us(self._counts.get_value_from_index(index))
            for index, count in enumerate(self._counts.counts)
            if count
        )
        return total_us / self.count / 1_000

    def _middle_us(self, value_us: int) -> float:
        """Return the middle of the values that share a bucket with this value."""
        lowest: int = self._counts.get_lowest_equivalent_value(value_us)
        highest: int = self._counts.get_highest_equivalent_value(value_us)
        return (lowest + highest + 1) // 2

    def _percentile_ms(self, percentile: float) -> float | None:
        if self.count == 0:
            return None
        value_us: int = self._counts.get_value_at_percentile(percentile)
        return value_us / 1_000
