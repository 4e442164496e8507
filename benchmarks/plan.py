"""Benchmark plans: how many rounds each part measures, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The number of rounds of each part; every round measures each contender once.

    Blocks of wrk last whole seconds, since wrk accepts no fractions.
    """

    warm_rounds: int
    warm_batch_s: float
    cold_rounds: int
    container_rounds: int
    container_block_s: int
    crowd_rounds: int
    crowd_block_s: int


FULL = Plan(
    warm_rounds=40,
    warm_batch_s=0.2,
    cold_rounds=25,
    container_rounds=14,
    container_block_s=2,
    crowd_rounds=10,
    crowd_block_s=3,
)
# With only two contenders there is time for enough rounds to detect 5 %, in about nine minutes.
AGAINST = Plan(
    warm_rounds=60,
    warm_batch_s=0.2,
    cold_rounds=60,
    container_rounds=80,
    container_block_s=1,
    crowd_rounds=0,
    crowd_block_s=0,
)
QUICK = Plan(
    warm_rounds=10,
    warm_batch_s=0.1,
    cold_rounds=15,
    container_rounds=4,
    container_block_s=1,
    crowd_rounds=4,
    crowd_block_s=1,
)
