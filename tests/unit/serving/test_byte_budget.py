"""A worker's connections share a byte budget; the largest holders end first, and the oldest among equals."""

import pytest

from django_runtimes.serving.http.budgets.byte_budget import ByteBudget

pytestmark = pytest.mark.profile_free

_KIB, _MIB = 2**10, 2**20


class _Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


class _Holder:
    def __init__(self, budget):
        self.budget = budget
        self.has_ended = False

    def release_bytes(self):
        self.has_ended = True
        self.budget.note(self, 0)


@pytest.fixture
def clock():
    return _Clock()


def holders(budget, count):
    return [_Holder(budget) for _ in range(count)]


def hold(budget, count, held_bytes):
    """Let each of `count` new holders hold this number of bytes."""
    held = holders(budget, count)
    for holder in held:
        budget.note(holder, held_bytes)
    return held


def ended(held):
    return [holder.has_ended for holder in held]


def test_the_oldest_of_equal_holders_ends(clock):
    budget = ByteBudget(100, clock=clock)

    assert ended(hold(budget, 3, 50)) == [True, False, False]
    assert budget.held_bytes == 100


def test_a_holder_makes_progress_only_when_it_is_served(clock):
    budget = ByteBudget(100, clock=clock)
    dripping, served, third = held = holders(budget, 3)
    budget.note(dripping, 33)
    budget.note(served, 33)
    budget.note(dripping, 34)
    budget.note(third, 33)
    budget.note(dripping, 34)

    budget.note(served, 33, made_progress=True)
    budget.note(third, 60)

    assert ended(held) == [True, False, False]


def test_a_holder_above_the_whole_budget_ends(clock):
    budget = ByteBudget(100, clock=clock)

    assert ended(hold(budget, 1, 101)) == [True]
    assert budget.held_bytes == 0


def test_only_as_many_holders_end_as_needed(clock):
    budget = ByteBudget(100, clock=clock)
    waiting = hold(budget, 5, 20)

    [larger] = hold(budget, 1, 55)

    assert larger.has_ended
    assert ended(waiting + hold(budget, 2, 20)) == [True, True, False, False, False, False, False]


@pytest.mark.parametrize("attacking_bytes", [_MIB, 256 * _KIB, 32 * _KIB])
def test_a_small_old_holder_survives_large_new_holders(clock, attacking_bytes):
    budget = ByteBudget(8 * _MIB, clock=clock)
    small = hold(budget, 100, _KIB)
    clock.now += 60

    flood = hold(budget, 1_000, attacking_bytes)

    assert not any(ended(small))
    assert ended(flood).count(False) == (8 * _MIB - 100 * _KIB) // attacking_bytes


def test_a_small_old_holder_survives_a_series_of_large_holders(clock):
    budget = ByteBudget(8 * _MIB, clock=clock)
    small = hold(budget, 100, _KIB)

    for _ in range(1_000):
        clock.now += 0.05
        hold(budget, 1, _MIB)

    assert not any(ended(small))


@pytest.mark.parametrize(("attackers", "attacking_bytes"), [(8, _MIB - 1), (16, 512 * _KIB - 1), (500, 16 * _KIB)])
def test_idle_holders_end_to_make_room_for_a_larger_new_holder(clock, attackers, attacking_bytes):
    """Otherwise many idle websockets, each holding a little less than a message, would keep every new message out."""
    budget = ByteBudget(8 * _MIB, clock=clock)
    hold(budget, attackers, attacking_bytes)
    clock.now += 600

    [message] = holders(budget, 1)
    for size in range(64 * _KIB, _MIB, 64 * _KIB):
        clock.now += 0.1
        budget.note(message, size)

    assert not message.has_ended


def test_a_holder_that_shrinks_and_grows_keeps_its_age(clock):
    budget = ByteBudget(3 * 64, clock=clock)
    old, new = holders(budget, 2)
    budget.note(old, 65)
    clock.now += 1
    budget.note(new, 65)
    clock.now += 1
    budget.note(old, 60)
    budget.note(old, 65)

    hold(budget, 1, 65)

    assert ended([old, new]) == [True, False]


def test_a_holder_that_released_everything_is_treated_as_new(clock):
    budget = ByteBudget(100, clock=clock)
    held = hold(budget, 2, 40)
    budget.note(held[0], 0)
    clock.now += 60

    budget.note(held[0], 40)
    hold(budget, 1, 40)

    assert ended(held) == [False, True]
