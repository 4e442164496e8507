"""A worker's connections share a bounded number of bytes, and the ones that make progress keep theirs."""

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


def test_the_oldest_holder_ends_when_the_budget_is_exceeded():
    budget = ByteBudget(100)
    first, second, third = holders(budget, 3)

    for holder in (first, second, third):
        budget.note(holder, 50)

    assert [holder.has_ended for holder in (first, second, third)] == [True, False, False]
    assert budget.held_bytes == 100


def test_only_serving_counts_as_progress():
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


def test_a_holder_above_the_whole_budget_ends():
    budget = ByteBudget(100)
    [only] = holders(budget, 1)

    budget.note(only, 101)

    assert (only.has_ended, budget.held_bytes) == (True, 0)


def test_only_as_many_holders_end_as_needed():
    budget = ByteBudget(100)
    waiting = holders(budget, 5)
    for holder in waiting:
        budget.note(holder, 20)

    budget.note(_Holder(budget), 55)

    assert [holder.has_ended for holder in waiting] == [True, True, True, False, False]
