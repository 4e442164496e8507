"""The CPU time and the memory that a target's processes used."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceUse:
    """The CPU time of one request of the steady load, and the largest resident memory of one process.

    Unknown values are None.
    """

    cpu_ms_per_request: float | None = None
    peak_rss_mb: float | None = None
