"""Slots that become free at the moment when a waiter gives up."""

import asyncio
import time

import pytest

from django_runtimes.serving.asgi.threads.gate import Gate, OverloadedError


async def test_a_slot_freed_at_the_moment_of_timeout_is_not_lost():
    gate = Gate(1, max_waiting=1, max_wait_s=0.01)
    await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    # Both callbacks are due in the loop's next iteration: first the timeout, then the free slot.
    asyncio.get_running_loop().call_later(0.011, gate.leave)
    time.sleep(0.05)  # noqa: ASYNC251

    with pytest.raises(OverloadedError):
        await waiting

    await asyncio.wait_for(gate.enter(), 60)


async def test_a_waiter_cancelled_at_its_timeout_frees_no_other_slot():
    gate = Gate(1, max_waiting=1, max_wait_s=0.01)
    await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    # The timeout, the free slot and the cancellation are all due in the loop's next iteration, in this order.
    loop.call_later(0.011, gate.leave)
    loop.call_later(0.012, waiting.cancel)
    time.sleep(0.05)  # noqa: ASYNC251
    with pytest.raises(asyncio.CancelledError):
        await waiting

    await gate.enter()

    with pytest.raises(OverloadedError):
        await gate.enter()
