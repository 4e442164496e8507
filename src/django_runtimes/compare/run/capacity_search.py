"""Finds the highest rate that a target keeps up with."""

from collections.abc import Awaitable, Callable

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.record.capacity import Capacity

# The tried shares of a saturated target's throughput; near 1 queues would grow without bound.
SHARES = (0.9, 0.75, 0.6, 0.45)
# A target keeps up with a rate if it answers at least this share of the requests as expected, and if its p90 is at
# most this multiple of the saturated target's p90, which includes the time in the queue.
_MIN_OK_SHARE = 0.999
_MAX_P90 = 1.5

# A block at the highest rate ends with its last answer, and so has a slightly lower throughput.
_REACHED = 0.8

Offer = Callable[[float], Awaitable[Block]]


async def find_capacity(saturated: Block, offer: Offer, *, max_rate_rps: float | None = None) -> Capacity | None:
    """Return the highest tried rate that a target kept up with; None if it gave no expected answer.

    `saturated` was measured while the target was always busy, or at `max_rate_rps` if it kept up with that rate.
    `offer` sends requests at a rate for a second or two.
    """
    throughput_rps = saturated.ok / saturated.duration_s
    if throughput_rps == 0:
        return None
    if max_rate_rps is not None and throughput_rps >= _REACHED * max_rate_rps:
        return Capacity(max_rate_rps, is_generators=True)
    for share in SHARES:
        if _kept_up(await offer(share * throughput_rps), saturated):
            return Capacity(share * throughput_rps, is_generators=saturated.void is not None)
    return Capacity(SHARES[-1] * throughput_rps, is_certain=False)


def _kept_up(block: Block, saturated: Block) -> bool:
    p90_ms, saturated_p90_ms = block.latency.p90_ms, saturated.latency.p90_ms
    return (
        p90_ms is not None
        and saturated_p90_ms is not None
        and p90_ms <= _MAX_P90 * saturated_p90_ms
        and block.ok >= _MIN_OK_SHARE * block.sent
    )
