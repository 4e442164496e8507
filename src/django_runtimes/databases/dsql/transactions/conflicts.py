"""Repeats work whose transaction conflicted with another one."""

import inspect
import random
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from asgiref.sync import iscoroutinefunction
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

# The service found at COMMIT that another transaction changed the same rows (OC000) or the schema (OC001).
_CONFLICT = "40001"
_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.05


def is_conflict(error: BaseException | None) -> bool:
    """Return whether a transaction was refused because it conflicted with another one, and had no effect."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            return error.sqlstate == _CONFLICT
        error = error.__cause__
    return False


def pauses_s(attempts: int = _ATTEMPTS) -> Iterator[float]:
    """Yield the seconds to wait after each attempt but the last.

    They grow from 50 ms, and are random so that the same transactions do not meet again.
    """
    for number in range(attempts - 1):
        yield _FIRST_PAUSE_S * 2**number * random.uniform(0.5, 1.5)  # noqa: S311  (no secret)


def repeated(work: Callable[[], Result], *, attempts: int = _ATTEMPTS, using: str = DEFAULT_DB_ALIAS) -> Result:
    """Return the result of `work`, which is called again after a conflict, at most `attempts` times in all.

    `work` has one transaction, or does nothing that a repetition would do twice. Raises TransactionManagementError
    within an `atomic` block, whose transaction a repetition could not begin again, and TypeError for asynchronous work
    and generators, whose conflict would come after `work` has returned.
    """
    _require_synchronous(work)
    if connections[using].in_atomic_block:
        raise TransactionManagementError(
            "work cannot be repeated within an atomic() block, since the conflict ends the block's transaction; "
            "repeat the code that has the whole block"
        )
    for pause_s in pauses_s(attempts):
        try:
            return _result_of(work)
        except OperationalError as error:
            if not is_conflict(error):
                raise
        time.sleep(pause_s)
    return _result_of(work)


def repeat_on_conflict(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a task that may be repeated as a whole after a conflict on the default database, as `repeated` does.

    Raises TypeError for an asynchronous function or a generator function.
    """
    _require_synchronous(function)

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return repeated(lambda: function(*args, **kwargs))

    return call


def _require_synchronous(work: Callable[..., object]) -> None:
    # An object's own method says what its call returns.
    callables = (work, getattr(work, "__call__", None))  # noqa: B004  (the method, not whether there is one)
    if any(iscoroutinefunction(each) for each in callables):
        raise _unrepeatable(work, "an asynchronous function")
    if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in callables):
        raise _unrepeatable(work, "a generator function")


def _result_of(work: Callable[[], Result]) -> Result:
    result = work()
    if inspect.iscoroutine(result):
        result.close()
        raise _unrepeatable(work, "a function that returns a coroutine")
    return result


def _unrepeatable(work: Callable[..., object], kind: str) -> TypeError:
    name = getattr(work, "__qualname__", type(work).__qualname__)
    return TypeError(
        f"{name}() is {kind}, whose conflict comes after its call has returned, so it cannot be repeated; repeat the "
        "synchronous function that has the transaction, and call that function from it"
    )
