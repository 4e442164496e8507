"""Waiting connections take turns one after the other without blocking the event loop."""

import asyncio
import time

import pytest

from django_runtimes.serving.http.budgets.turns import Turns

pytestmark = pytest.mark.profile_free


def step(number, times, seen, takes_s=0.0):
    """Return a callable that needs `times` turns and appends its number to `seen` in each turn."""
    left = iter(range(times))

    def take_turn():
        time.sleep(takes_s)
        seen.append(number)
        return next(left) < times - 1

    return take_turn


async def test_waiting_connections_take_turns():
    turns, seen = Turns(), []
    for number in range(3):
        turns.wait(step(number, 2, seen))

    while len(seen) < 6:  # noqa: ASYNC110
        await asyncio.sleep(0)

    assert seen == [0, 1, 2, 0, 1, 2]


async def test_the_event_loop_runs_between_turns():
    turns, seen = Turns(), []
    for number in range(20):
        turns.wait(step(number, 5, seen, takes_s=0.002))
    rounds = 0
    while len(seen) < 100:
        await asyncio.sleep(0)
        rounds += 1

    assert rounds >= 20


async def test_a_failed_turn_does_not_stop_the_others():
    turns, seen, errors = Turns(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))

    def fail():
        raise ValueError("no frame")

    turns.wait(fail)
    turns.wait(step(1, 2, seen))
    while len(seen) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)

    assert [str(error) for error in errors] == ["no frame"]


async def test_a_connection_that_waits_twice_gets_one_turn():
    turns, seen = Turns(), []
    one = step(1, 1, seen)
    turns.wait(one)
    turns.wait(one)
    for _ in range(5):
        await asyncio.sleep(0)

    assert seen == [1]
