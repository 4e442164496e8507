"""Keeps what ends a process from a process that serves other requests too."""

import asyncio
import dis
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class ExitInRequestError(Exception):
    """A request's code has raised SystemExit or KeyboardInterrupt, which would stop the event loop."""


class ContainedExits:
    """A block that raises ExitInRequestError instead of SystemExit and KeyboardInterrupt, unless a signal raised them.

    Written as a class: `contextlib`'s generators cost ten times as much, and each request enters this.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, _EXITS) and not is_exit_of_a_signal(error):
            raise ExitInRequestError(
                f"{error!r} ends this request alone, since the process serves others; raise it in commands only"
            ) from error


_EXITS = (SystemExit, KeyboardInterrupt)
_block = ContainedExits()


def contained_exits() -> ContainedExits:
    """The block, which has no state."""
    return _block


def without_exits(view: Callable[..., Any]) -> Callable[..., Any]:
    """The synchronous view, whose exit is an error like any other."""
    return partial(_call_without_exits, view)


def async_without_exits(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same for an asynchronous view."""

    async def contained(*args: Any, **kwargs: Any) -> Any:
        with contained_exits():
            return await view(*args, **kwargs)

    return contained


def _call_without_exits(view: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    with contained_exits():
        return view(*args, **kwargs)


def run_through_exits(
    loop: asyncio.AbstractEventLoop, task: "asyncio.Task[_Result]", *, may_go_on: Callable[[], bool] = lambda: True
) -> _Result:
    """The task's result, while the exit of another task stops the loop for no longer than it takes to log it.

    Such an exit is still the result of its own task, so whatever awaits that task hears of it. It leaves the loop when
    a signal's handler has raised it, or while `may_go_on()` is false; the task is cancelled then.
    """
    while not task.done():
        try:
            loop.run_until_complete(task)
        except BaseException as error:
            is_of_a_signal = is_exit_of_a_signal(error)
            if task.done() and not is_of_a_signal:
                break
            if not isinstance(error, _EXITS) or is_of_a_signal or not may_go_on():
                task.cancel()
                raise
            logger.exception(
                "an exit ends its asyncio task alone, since the process serves requests; raise it in commands only"
            )
    return task.result()


def is_exit_of_a_signal(error: BaseException) -> bool:
    """Whether it is an exit that a signal's handler has raised, which runs in the midst of the main thread's work."""
    if not isinstance(error, _EXITS) or threading.current_thread() is not threading.main_thread():
        return False
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    is_interrupt = isinstance(error, KeyboardInterrupt) and signal.default_int_handler in handlers
    # Python's default handler is written in C and has no frame, but no handler is ever called at a `raise` statement.
    if is_interrupt and not _is_raised_by_a_statement(error):
        return True
    codes = {_code(handler) for handler in handlers} - {None}
    return any(frame.f_code in codes for frame, _ in _places(error.__traceback__))


def _is_raised_by_a_statement(error: BaseException) -> bool:
    places = list(_places(error.__traceback__))
    if not places:
        return False
    frame, offset = places[-1]
    return bool(dis.opname[frame.f_code.co_code[offset]] == "RAISE_VARARGS")


def _code(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = handler.func
    return getattr(handler, "__code__", None) or getattr(getattr(handler, "__func__", None), "__code__", None)


def _places(traceback: TracebackType | None) -> Iterator[tuple[Any, int]]:
    """Each frame of the traceback, and the offset of the instruction that raised or was called; outermost first."""
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next
