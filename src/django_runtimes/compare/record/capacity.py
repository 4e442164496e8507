"""The highest rate that a target keeps up with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """The highest tried rate that a target kept up with, in requests per second.

    `is_generators` is true if the load generator reached its own limit first, so that the target's capacity is higher.
    `is_certain` is false if the target kept up with none of the tried rates; `rate_rps` is then the lowest of them.
    """

    rate_rps: float
    is_generators: bool = False
    is_certain: bool = True
