"""Functions that may be repeated after a conflict, and functions whose conflict would come too late."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from django_runtimes.databases.dsql.transactions.conflicts import repeat_on_conflict, repeated


async def coroutine():
    """Return a coroutine."""


def generator():
    yield 1


async def asynchronous_generator():
    yield 1


class Task:
    async def __call__(self):
        """Return a coroutine."""


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (coroutine, r"coroutine\(\) is an asynchronous function, whose conflict comes after its call has returned, "),
        (sync_to_async(print), "is an asynchronous function"),
        (Task(), r"Task\(\) is an asynchronous function"),
        (generator, r"generator\(\) is a generator function"),
        (asynchronous_generator, r"asynchronous_generator\(\) is a generator function"),
    ],
)
@pytest.mark.parametrize("repeat", [repeat_on_conflict, repeated])
def test_a_function_whose_call_has_not_done_the_work_is_refused(repeat, function, sentence):
    with pytest.raises(TypeError, match=sentence):
        repeat(function)


def test_a_function_that_returns_a_coroutine_is_refused_when_it_is_called():
    coroutines = []

    @repeat_on_conflict
    def task():
        coroutines.append(coroutine())
        return coroutines[-1]

    with pytest.raises(TypeError, match="is a function that returns a coroutine"):
        task()
    with pytest.raises(RuntimeError, match="cannot reuse"):
        asyncio.run(coroutines[0])


def test_a_synchronous_function_keeps_its_name_and_result():
    @repeat_on_conflict
    def task(number: int) -> int:
        return number + 1

    assert (task.__name__, task(1)) == ("task", 2)
