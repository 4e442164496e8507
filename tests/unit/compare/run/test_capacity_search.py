import asyncio
from collections.abc import Collection
from dataclasses import replace

import pytest

from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.run.phases.capacity_search import CapacitySearch

BLOCK_S = 1.0


def answered(count: int, *, latency_ms: float, errors: int = 0, duration_s: float = BLOCK_S) -> Block:
    outcomes = [Outcome("list", latency_ms, 0.0, None)] * count + [Outcome("list", 1.0, 0.0, "status_503")] * errors
    return block_of(outcomes, duration_s=duration_s)


class SimulatedTarget:
    """A target that reaches `busy_rps` when it is always busy, and keeps up with rates up to `steady_rps`.

    In the blocks with the numbers `slowed`, another process leaves it a tenth of its speed.
    """

    def __init__(self, busy_rps: int, steady_rps: float, *, slowed: Collection[int] = ()) -> None:
        self.busy_rps, self.steady_rps, self.slowed = busy_rps, steady_rps, slowed
        self.blocks: list[float | str] = []
        self.now_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def _speed(self, what: float | str) -> float:
        self.blocks.append(what)
        self.now_s += BLOCK_S
        return 0.1 if len(self.blocks) - 1 in self.slowed else 1.0

    async def saturate(self) -> Block:
        speed = self._speed("busy")
        return answered(round(self.busy_rps * speed), latency_ms=80.0 / speed)

    async def offer(self, rate_rps: float) -> Block:
        speed = self._speed(round(rate_rps, 1))
        keeps_up = rate_rps <= self.steady_rps * speed
        return answered(max(1, round(rate_rps)), latency_ms=40.0 / speed if keeps_up else 4_000.0)

    def search(self, *limits_s: float, max_rate_rps: float | None = None, warm_up: bool = False) -> Capacity | None:
        """Search once for each limit, and return the result without its duration."""
        search = CapacitySearch(self.saturate, self.offer, block_s=BLOCK_S, max_rate_rps=max_rate_rps, clock=self.clock)
        if warm_up:
            search.reached(answered(self.busy_rps, latency_ms=80.0))
        for limit_s in limits_s:
            asyncio.run(search.search(limit_s))
        return None if search.capacity is None else replace(search.capacity, search_s=None)


@pytest.mark.parametrize(
    ("steady_rps", "capacity_rps", "blocks"),
    [
        (190, 180, ["busy", 180]),
        (160, 150, ["busy", 180, 120, 150]),
        (130, 120, ["busy", 180, 120, 150]),
        (95, 90, ["busy", 180, 120, 90]),
    ],
)
def test_each_share_of_the_throughput_is_found_in_three_tries(steady_rps, capacity_rps, blocks):
    target = SimulatedTarget(200, steady_rps)

    assert target.search(10.0) == Capacity(capacity_rps)
    assert target.blocks == blocks


def test_a_target_that_keeps_up_with_no_rate_has_an_uncertain_capacity():
    assert SimulatedTarget(200, 50).search(10.0, 20.0) == Capacity(90.0, is_certain=False)


def test_a_failed_rate_is_tried_again_in_the_next_pass():
    target = SimulatedTarget(200, 190, slowed=[1])

    assert target.search(10.0) == Capacity(150.0)
    assert target.blocks == ["busy", 180, 120, 150]

    target = SimulatedTarget(200, 190, slowed=[1])
    assert target.search(10.0, 20.0) == Capacity(180.0)
    assert target.blocks[4:] == ["busy", 180]


def test_a_slow_moment_of_the_busy_target_is_noticed_in_the_same_pass():
    # A tenth of the throughput, 20/s, is found while another process slows the target down.
    target = SimulatedTarget(200, 190, slowed=[0])

    assert target.search(10.0) == Capacity(180.0)
    assert target.blocks == ["busy", 18, "busy", 180]


@pytest.mark.parametrize("slowed", [range(4), range(3, 9), [0, 1, 2, 6], [0, 3, 6], [1, 2, 3, 4]])
def test_slow_moments_do_not_lower_the_capacity(slowed: Collection[int]):
    target = SimulatedTarget(200, 190, slowed=slowed)

    assert target.search(7.5, 15.0, warm_up=True) == Capacity(180.0)
    assert target.now_s <= 15.0


def test_the_throughput_of_the_warm_up_counts():
    # Everything but the warm-up is slowed down.
    target = SimulatedTarget(200, 190, slowed=range(100))
    search = CapacitySearch(target.saturate, target.offer, block_s=BLOCK_S, clock=target.clock)
    search.reached(answered(200, latency_ms=40.0))

    asyncio.run(search.search(10.0))

    assert search.capacity is not None
    assert (search.capacity.rate_rps, search.capacity.is_certain) == (90.0, False)


def test_a_low_capacity_is_uncertain_if_the_target_was_much_faster_before():
    target = SimulatedTarget(200, 190, slowed=range(100))
    search = CapacitySearch(target.saturate, target.offer, block_s=BLOCK_S, clock=target.clock)
    asyncio.run(search.search(10.0))
    assert search.capacity is not None
    assert search.capacity.rate_rps == 18

    search.reached(answered(200, latency_ms=40.0))
    asyncio.run(search.search(20.0))

    assert (search.capacity.rate_rps, search.capacity.is_certain) == (90.0, False)


def test_a_search_ends_at_its_limit_and_records_its_duration():
    target = SimulatedTarget(200, 50)
    search = CapacitySearch(target.saturate, target.offer, block_s=BLOCK_S, clock=target.clock)

    asyncio.run(search.search(3.5))
    assert search.capacity is not None
    assert (target.now_s, search.capacity.search_s) == (3.0, 3.0)
    asyncio.run(search.search(6.5))
    assert (target.now_s, search.capacity.search_s) == (6.0, 6.0)


def test_a_rate_with_errors_is_not_kept_up_with():
    target = SimulatedTarget(200, 190)
    offers = []

    async def offer(rate_rps: float) -> Block:
        offers.append(rate_rps)
        return answered(round(rate_rps), latency_ms=40.0, errors=len(offers) == 1)

    search = CapacitySearch(target.saturate, offer, block_s=BLOCK_S, clock=target.clock)
    asyncio.run(search.search(10.0))

    assert search.capacity is not None
    assert search.capacity.rate_rps == 150
    assert offers == pytest.approx([180, 120, 150])


def test_a_target_without_any_expected_answer_has_no_capacity():
    async def saturate() -> Block:
        return answered(0, latency_ms=5.0, errors=50)

    search = CapacitySearch(saturate, SimulatedTarget(1, 1).offer, block_s=BLOCK_S)
    asyncio.run(search.search(10.0))

    assert search.capacity is None
    assert search.errors == {"status_503": 50}


def test_a_busy_load_generator_is_named_as_the_limit():
    target = SimulatedTarget(200, 190)

    async def saturate() -> Block:
        return replace(await target.saturate(), void="the load generator used 90% of a CPU")

    search = CapacitySearch(saturate, target.offer, block_s=BLOCK_S, clock=target.clock)
    asyncio.run(search.search(10.0))

    assert search.capacity == Capacity(180.0, is_generators=True, search_s=2.0)


def test_the_highest_rate_of_a_deployed_target_is_its_capacity():
    target = SimulatedTarget(45, 45)

    assert target.search(10.0, max_rate_rps=50.0) == Capacity(50.0, is_generators=True)
    assert target.blocks == ["busy"]
