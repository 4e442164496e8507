import asyncio
from dataclasses import replace

import pytest

from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.run.capacity_search import find_capacity


def answered(count: int, *, latency_ms: float = 5.0, errors: int = 0, void: str | None = None) -> Block:
    outcomes = [Outcome("list", latency_ms, 0.0, None)] * count + [Outcome("list", 1.0, 0.0, "status_503")] * errors
    return replace(block_of(outcomes, duration_s=2.0), void=void)


def search(saturated: Block, *offered: Block) -> tuple[Capacity | None, list[float]]:
    """Return the capacity and the rates that were tried."""
    rates_rps = []
    blocks = iter(offered)

    async def offer(rate_rps: float) -> Block:
        rates_rps.append(rate_rps)
        return next(blocks)

    return asyncio.run(find_capacity(saturated, offer)), rates_rps


def test_the_first_rate_that_a_target_keeps_up_with_is_its_capacity():
    capacity, tried = search(
        answered(400, latency_ms=40.0), answered(360, latency_ms=61.0), answered(300, latency_ms=60.0)
    )

    assert capacity == Capacity(150.0)
    assert tried == [180.0, 150.0]


def test_a_rate_with_errors_is_not_kept_up_with():
    _, tried = search(answered(400), answered(360, errors=1), answered(300))

    assert tried == [180.0, 150.0]


def test_the_lowest_rate_is_an_uncertain_capacity():
    capacity, tried = search(answered(400), *[answered(100, latency_ms=900.0)] * 4)

    assert capacity == Capacity(90.0, is_certain=False)
    assert tried == pytest.approx([180.0, 150.0, 120.0, 90.0])


def test_a_slow_target_has_a_capacity_too():
    capacity, _ = search(answered(4, latency_ms=4_000.0), answered(4, latency_ms=3_000.0))

    assert capacity == Capacity(1.8)


def test_a_target_without_any_expected_answer_has_no_capacity():
    assert search(answered(0, errors=50)) == (None, [])


def test_a_busy_load_generator_is_named_as_the_limit():
    capacity, _ = search(answered(400, void="the load generator used 90% of a CPU"), answered(360))

    assert capacity == Capacity(180.0, is_generators=True)
