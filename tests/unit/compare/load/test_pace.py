"""Waiting for moments, and the time in which the event loop was idle."""

import asyncio
import gc
import time

from django_runtimes.compare.load.pace import Pace, without_garbage_collection


async def test_a_wait_ends_at_its_moment():
    pace = Pace()
    moment = time.perf_counter() + 0.02

    await pace.wait_until(moment)

    assert time.perf_counter() >= moment


async def test_a_moment_that_has_passed_is_not_waited_for():
    pace = Pace()

    await pace.wait_until(time.perf_counter() - 1)

    assert pace.idle_s == 0.0


async def test_turns_of_the_loop_with_other_work_are_not_idle():
    async def work():
        while True:
            ends = time.perf_counter() + 0.000_1
            while time.perf_counter() < ends:
                pass
            await asyncio.sleep(0)

    pace = Pace()
    working = asyncio.create_task(work())
    # A wait this short does not use a timer.
    for _ in range(10):
        await pace.wait_until(time.perf_counter() + 0.001)
    working.cancel()

    assert pace.idle_s == 0.0


def test_the_garbage_collector_is_as_before_afterwards():
    gc.disable()
    try:
        with without_garbage_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
    with without_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
