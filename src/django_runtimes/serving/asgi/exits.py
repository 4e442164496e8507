"""Prevents SystemExit and KeyboardInterrupt in one request from ending a process that serves other requests."""

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
    """A request's code raised SystemExit or KeyboardInterrupt, which would stop the event loop."""


class ContainedExits:
    """Turns SystemExit and KeyboardInterrupt in a block into ExitInRequestError, unless a signal caused them.

    It is a class because `contextlib`'s generators take ten times as long, and every request enters it.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, _EXITS) and not is_exit_of_a_signal(error):
            raise ExitInRequestError(
                f"{error!r} ends this request alone, since the process serves others; raise it in commands only"
            ) from error


_EXITS = (SystemExit, KeyboardInterrupt)
# Instructions of `raise` and `await`, at which Python runs no signal handler. An awaited future raises its exception at
# one of these, depending on the version of Python. RESUME runs handlers unless it follows an `await`.
_WITHOUT_SIGNALS = frozenset({"RAISE_VARARGS", "SEND", "YIELD_VALUE", "JUMP_BACKWARD_NO_INTERRUPT"})
_AFTER_AWAIT = 2
_block = ContainedExits()


def contained_exits() -> ContainedExits:
    """Return the context manager; one instance serves all, since it has no state."""
    return _block


def without_exits(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a synchronous view so that an exit in it raises ExitInRequestError."""
    return partial(_call_without_exits, view)


def async_without_exits(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an asynchronous view so that an exit in it raises ExitInRequestError."""

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
    """Run the loop until `task` is done, and return its result; log an exit of another task and resume the loop.

    Such an exit remains the result of its own task, so code that awaits that task still gets it. If a signal's handler
    raised the exit, or `may_go_on()` is false, cancel `task` and raise the exit.
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
    """Return whether `error` is an exit raised by a signal's handler, which may interrupt the main thread anywhere."""
    if not isinstance(error, _EXITS) or threading.current_thread() is not threading.main_thread():
        return False
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    is_interrupt = isinstance(error, KeyboardInterrupt) and signal.default_int_handler in handlers
    # Python's default handler is written in C and has no frame, but handlers never run at a `raise` or an `await`.
    if is_interrupt and not _is_raised_by_code(error):
        return True
    codes = {_code(handler) for handler in handlers} - {None}
    return any(frame.f_code in codes for frame, _ in _frames(error.__traceback__))


def _is_raised_by_code(error: BaseException) -> bool:
    places = list(_frames(error.__traceback__))
    if not places:
        return False
    frame, offset = places[-1]
    instruction, argument = frame.f_code.co_code[offset : offset + 2]
    name = dis.opname[instruction]
    return name in _WITHOUT_SIGNALS or (name == "RESUME" and argument & 3 >= _AFTER_AWAIT)


def _code(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = handler.func
    return getattr(handler, "__code__", None) or getattr(getattr(handler, "__func__", None), "__code__", None)


def _frames(traceback: TracebackType | None) -> Iterator[tuple[Any, int]]:
    """Yield each frame and the offset of the instruction that raised or called the next frame, outermost first."""
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next
