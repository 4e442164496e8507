"""Finds the highest rate that a target keeps up with."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.record.capacity import Capacity

# The tried shares of a busy target's throughput; near 1 queues would grow without bound.
SHARES = (0.9, 0.75, 0.6, 0.45)
# A target keeps up with a rate if it answers at least this share of the requests as expected, and if its p90 is at
# most this multiple of the busy target's p90, which includes the time in the queue.
_MIN_OK_SHARE = 0.999
_MAX_P90 = 1.5
# At most of its throughput, a target without queues has a p90 above this share of the busy target's. Below it, the
# target was not the reason for the long answers while it was busy.
_IDLE_P90 = 0.25
# A target is this much faster than at first, or its first throughput was right.
_FASTER = 1.25
# A rate this close to the known capacity is not worth a try.
_HIGHER = 1.05

# A block at the highest rate ends with its last answer, and so has a slightly lower throughput.
_REACHED = 0.8

Saturate = Callable[[], Awaitable[Block]]
Offer = Callable[[float], Awaitable[Block]]


class CapacitySearch:
    """The search for the capacity of one target under one scenario.

    Another process can slow a target down for a moment, and nothing can speed it up. One rate that a target keeps up
    with therefore proves its capacity, and a rate that it fails is tried again in each pass.
    """

    def __init__(
        self,
        saturate: Saturate,
        offer: Offer,
        *,
        block_s: float,
        max_rate_rps: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep a target busy with `saturate`, or send requests at a rate with `offer`, each for `block_s`."""
        self._saturate = saturate
        self._offer = offer
        self._block_s = block_s
        self._max_rate_rps = max_rate_rps
        self._clock = clock
        self._taken_s = 0.0
        # The highest throughput of the target while it was always busy.
        self._reached_rps = 0.0
        self.capacity: Capacity | None = None
        # The unexpected answers to the latest busy block.
        self.errors: Mapping[str, int] = {}

    def reached(self, busy: Block) -> None:
        """Take the throughput of a block in which the target was always busy."""
        if busy.duration_s > 0:
            self._reached_rps = max(self._reached_rps, busy.ok / busy.duration_s)

    async def search(self, limit_s: float) -> None:
        """Search in a further pass, until the search has taken `limit_s` in all its passes; set `capacity`.

        The first block of a pass is always sent. There is no capacity without an expected answer.
        """
        begun_s = self._clock()
        earlier_s = self._taken_s

        def has_time() -> bool:
            return earlier_s + self._clock() - begun_s + self._block_s <= limit_s

        found = await self._pass(has_time)
        self._taken_s += self._clock() - begun_s
        if found is not None:
            self.capacity = replace(found, search_s=round(self._taken_s, 3))

    async def _pass(self, has_time: Callable[[], bool]) -> Capacity | None:
        """Return the highest capacity that is known after a pass."""
        busy = await self._saturate()
        self.reached(busy)
        self.errors = busy.errors
        if self._reached_rps == 0:
            return None
        while True:
            throughput_rps = self._reached_rps
            if self._max_rate_rps is not None and throughput_rps >= _REACHED * self._max_rate_rps:
                return Capacity(self._max_rate_rps, is_generators=True)
            found, p90_ms = await self._descend(busy, throughput_rps, has_time)
            at_ease = p90_ms is not None and p90_ms < _IDLE_P90 * (busy.latency.p90_ms or 0.0)
            if not at_ease or not has_time():
                return found
            busy = await self._saturate()
            self.reached(busy)
            if self._reached_rps < _FASTER * throughput_rps or not has_time():
                return found

    async def _descend(
        self, busy: Block, throughput_rps: float, has_time: Callable[[], bool]
    ) -> tuple[Capacity, float | None]:
        """Return the highest known capacity, and the p90 if the target kept up with the highest share.

        The highest share is tried first, and then the middle of the others.
        """
        known = self.capacity
        if known is not None and (not known.is_certain or known.rate_rps < SHARES[-1] * throughput_rps):
            # A target that was much faster when it was busy was slowed down when it kept up with this rate only.
            known = None
        lowest_rps = 0.0 if known is None else _HIGHER * known.rate_rps
        left = [share * throughput_rps for share in SHARES if share * throughput_rps > lowest_rps]
        best = known or Capacity(SHARES[-1] * throughput_rps, is_certain=False)
        tried = 0
        while left and has_time():
            tried += 1
            at = 0 if tried == 1 else len(left) // 2
            block = await self._offer(left[at])
            if _kept_up(block, busy):
                best = Capacity(left[at], is_generators=busy.void is not None)
                if tried == 1:
                    return best, block.latency.p90_ms
                left = left[:at]
            else:
                left = left[at + 1 :]
        return best, None


def _kept_up(block: Block, busy: Block) -> bool:
    p90_ms, busy_p90_ms = block.latency.p90_ms, busy.latency.p90_ms
    return (
        p90_ms is not None
        and busy_p90_ms is not None
        and p90_ms <= _MAX_P90 * busy_p90_ms
        and block.ok >= _MIN_OK_SHARE * block.sent
    )
