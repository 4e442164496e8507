"""The highest rate that a target keeps up with."""

from dataclasses import dataclass

# The search for the capacities of one target takes at most this long, unless it is repeated.
SEARCH_LIMIT_S = 15.0


@dataclass(frozen=True)
class Capacity:
    """The highest tried rate that a target kept up with, in requests per second.

    `is_generators` is true if the load generator reached its own limit first, so that the target's capacity is higher.
    `is_certain` is false if the target kept up with none of the tried rates; `rate_rps` is then the lowest of them.
    `search_s` is the duration of the search; None in files of earlier versions.
    """

    rate_rps: float
    is_generators: bool = False
    is_certain: bool = True
    search_s: float | None = None
