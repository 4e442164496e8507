"""One stream and its times."""

from typing import NamedTuple

from django_runtimes.compare.load.block import Outcome


class StreamedOutcome(NamedTuple):
    """The outcome of a request, whose latency is the time of the last byte, and the time and the size before it.

    `first_byte_ms` counts from the sending to the first byte of the content; without content it is the time of the end.
    """

    outcome: Outcome
    first_byte_ms: float
    size_bytes: int
