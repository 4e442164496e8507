"""What the connections of a worker hold together is bounded, and those that get on keep what they have."""

import pytest

from django_runtimes.serving.http.budgets.byte_budget import ByteBudget

pytestmark = pytest.mark.profile_free


class _Holder:
    def __init__(self, budget):
        self.budget = budget
        self.has_ended = False

    def give_bytes_up(self):
        self.has_ended = True
        self.budget.note(self, 0)


def holders(budget, count):
    return [_Holder(budget) for _ in range(count)]


def test_the_first_gives_way_when_all_hold_too_much():
    budget = ByteBudget(100)
    first, second, third = holders(budget, 3)

    for holder in (first, second, third):
        budget.note(holder, 50)

    assert [holder.has_ended for holder in (first, second, third)] == [True, False, False]
    assert budget.held_bytes == 100


def test_more_bytes_are_no_progress_and_fewer_for_the_application_are():
    budget = ByteBudget(100)
    dripping, served, third = holders(budget, 3)
    budget.note(dripping, 30)
    budget.note(served, 30)
    budget.note(dripping, 31)
    budget.note(third, 30)
    budget.note(dripping, 32)

    budget.note(served, 20, got_on=True)
    budget.note(third, 60)

    assert [holder.has_ended for holder in (dripping, served, third)] == [True, False, False]


def test_one_that_alone_holds_too_much_ends():
    budget = ByteBudget(100)
    [only] = holders(budget, 1)

    budget.note(only, 101)

    assert (only.has_ended, budget.held_bytes) == (True, 0)


def test_as_many_end_as_are_needed():
    budget = ByteBudget(100)
    waiting = holders(budget, 5)
    for holder in waiting:
        budget.note(holder, 20)

    budget.note(_Holder(budget), 55)

    assert [holder.has_ended for holder in waiting] == [True, True, True, False, False]
