"""The buckets in which processes count how long requests waited for a database connection."""

from collections.abc import Mapping

# A bucket is at most 1/8 of its lower edge wide.
_PER_DOUBLING = 8
_EXACT_BELOW_US = 2 * _PER_DOUBLING
# The longest wait for a connection is shorter; a longer one counts as this.
_LONGEST_US = 120_000_000


def bucket_of(waited_us: int) -> int:
    """Return the bucket of a wait in microseconds."""
    if waited_us < _EXACT_BELOW_US:
        return max(0, waited_us)
    waited_us = min(waited_us, _LONGEST_US)
    halvings = waited_us.bit_length() - _PER_DOUBLING.bit_length()
    return _PER_DOUBLING * halvings + (waited_us >> halvings)


def upper_edge_us(bucket: int) -> int:
    """Return the longest wait of a bucket in microseconds."""
    if bucket < _EXACT_BELOW_US:
        return bucket
    halvings = bucket // _PER_DOUBLING - 1
    return ((bucket - _PER_DOUBLING * halvings + 1) << halvings) - 1


BUCKETS = bucket_of(_LONGEST_US) + 1
# A file of waits has a number of 8 bytes for the sum in microseconds, and one for each bucket.
WAIT_SLOTS = 1 + BUCKETS


def waits_text(total_us: int, counts: Mapping[int, int]) -> str:
    """Return the sum and the number of waits by bucket as a short text, such as 5210;12:3;40:1."""
    return ";".join([str(total_us), *(f"{bucket}:{count}" for bucket, count in sorted(counts.items()))])


def read_waits(text: str) -> tuple[int, dict[int, int]]:
    """Return the sum in microseconds and the number of waits by bucket; raise ValueError for another text."""
    total_us, *pairs = text.split(";")
    return int(total_us), {int(bucket): int(count) for bucket, _, count in (pair.partition(":") for pair in pairs)}
