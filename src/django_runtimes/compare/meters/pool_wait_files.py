"""Reads the waits for a connection of a pool that a target's processes keep in files."""

from array import array
from pathlib import Path

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.config.values.wait_buckets import WAIT_SLOTS

_BYTES_PER_SLOT = 8


def read_pool_waits(directory: Path) -> WaitCounts:
    """Return the waits of all processes that have a file in the directory, including those that have ended."""
    return WaitCounts.sum(_waits(path.read_bytes()) for path in sorted(directory.iterdir()))


def _waits(content: bytes) -> WaitCounts:
    if len(content) != WAIT_SLOTS * _BYTES_PER_SLOT:
        # The process is just creating it, or an image has another version of the library.
        return WaitCounts()
    total_us, *counts = array("Q", content)
    return WaitCounts.of_buckets(total_us, {bucket: count for bucket, count in enumerate(counts) if count})
