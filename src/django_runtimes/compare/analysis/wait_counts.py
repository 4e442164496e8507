"""Waits for a database connection, counted in buckets."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from django_runtimes.config.values.wait_buckets import upper_edge_us

MIN_FOR_P99 = 1_000
_US_PER_MS = 1_000


@dataclass(frozen=True)
class WaitCounts:
    """The number of waits and their sum in microseconds; `buckets` is None if only these two are known."""

    number: int = 0
    total_us: int = 0
    buckets: Mapping[int, int] | None = field(default_factory=dict)

    @classmethod
    def of_buckets(cls, total_us: int, buckets: Mapping[int, int]) -> Self:
        """Return the waits that a process counted."""
        return cls(sum(buckets.values()), total_us, buckets)

    @classmethod
    def sum(cls, parts: Iterable["WaitCounts"]) -> "WaitCounts":
        """Return the waits of several processes."""
        number, total_us, buckets = 0, 0, Counter[int]()
        for part in parts:
            number, total_us = number + part.number, total_us + part.total_us
            buckets.update(part.buckets or {})
        return cls(number, total_us, buckets)

    def since(self, earlier: "WaitCounts") -> "WaitCounts":
        """Return the waits that are new since an earlier reading of the same counters."""
        buckets = None
        if self.buckets is not None:
            before = earlier.buckets or {}
            buckets = {bucket: count - before.get(bucket, 0) for bucket, count in self.buckets.items()}
        return WaitCounts(self.number - earlier.number, self.total_us - earlier.total_us, buckets)

    @property
    def mean_ms(self) -> float | None:
        """The mean wait; None without waits."""
        return round(self.total_us / self.number / _US_PER_MS, 3) if self.number else None

    @property
    def p99_ms(self) -> float | None:
        """The upper edge of the bucket with the 99th percentile; None below 1,000 waits and without buckets."""
        if self.buckets is None or self.number < MIN_FOR_P99:
            return None
        rank, seen = -(-99 * self.number // 100), 0
        for bucket, count in sorted(self.buckets.items()):
            seen += count
            if seen >= rank:
                return round(upper_edge_us(bucket) / _US_PER_MS, 3)
        return None
