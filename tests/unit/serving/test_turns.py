"""Many who wait for their turn have it one after the other, and leave the event loop its time."""

import asyncio
import time

import pytest

from django_runtimes.serving.http.budgets.turns import Turns

pytestmark = pytest.mark.profile_free


def step(number, times, seen, takes_s=0.0):
    """What has so many turns to do, and notes each."""
    left = iter(range(times))

    def take_turn():
        time.sleep(takes_s)
        seen.append(number)
        return next(left) < times - 1

    return take_turn


async def test_they_take_turns():
    turns, seen = Turns(), []
    for number in range(3):
        turns.wait(step(number, 2, seen))

    while len(seen) < 6:  # noqa: ASYNC110
        await asyncio.sleep(0)

    assert seen == [0, 1, 2, 0, 1, 2]


async def test_the_event_loop_has_its_time_between_them():
    turns, seen = Turns(), []
    for number in range(20):
        turns.wait(step(number, 5, seen, takes_s=0.002))
    rounds = 0
    while len(seen) < 100:
        await asyncio.sleep(0)
        rounds += 1

    assert rounds >= 20


async def test_one_that_fails_keeps_nobody_from_their_turn():
    turns, seen, errors = Turns(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))

    def fail():
        raise ValueError("no frame")

    turns.wait(fail)
    turns.wait(step(1, 2, seen))
    while len(seen) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)

    assert [str(error) for error in errors] == ["no frame"]


async def test_one_that_waits_twice_has_one_turn():
    turns, seen = Turns(), []
    one = step(1, 1, seen)
    turns.wait(one)
    turns.wait(one)
    for _ in range(5):
        await asyncio.sleep(0)

    assert seen == [1]
