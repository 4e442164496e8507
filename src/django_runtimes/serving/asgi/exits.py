"""Keeps what ends a process from a process that serves other requests too."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any

from asgiref.sync import iscoroutinefunction


class ExitInRequestError(Exception):
    """A request's code has raised SystemExit or KeyboardInterrupt, which would stop the event loop."""


@contextmanager
def contained_exits() -> Iterator[None]:
    """Raise ExitInRequestError instead of SystemExit and KeyboardInterrupt, unless a signal has raised them."""
    try:
        yield
    except (SystemExit, KeyboardInterrupt) as error:
        if _is_of_a_signal(error):
            raise
        raise ExitInRequestError(
            f"{error!r} ends this request alone, since the process serves others; raise it in commands only"
        ) from error


def without_exits(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, whose exit is an error like any other."""

    async def contained_coroutine(*args: Any, **kwargs: Any) -> Any:
        with contained_exits():
            return await view(*args, **kwargs)

    def contained(*args: Any, **kwargs: Any) -> Any:
        with contained_exits():
            return view(*args, **kwargs)

    return contained_coroutine if iscoroutinefunction(view) else contained


def _is_of_a_signal(error: BaseException) -> bool:
    """Whether a signal's handler has raised it, which runs in the midst of whatever the main thread does."""
    if threading.current_thread() is not threading.main_thread():
        return False
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    if isinstance(error, KeyboardInterrupt) and signal.default_int_handler in handlers:
        # Of C, and so without a frame.
        return True
    codes = {_code(handler) for handler in handlers} - {None}
    return any(frame_code in codes for frame_code in _codes(error.__traceback__))


def _code(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = handler.func
    return getattr(handler, "__code__", None) or getattr(getattr(handler, "__func__", None), "__code__", None)


def _codes(traceback: TracebackType | None) -> Iterator[Any]:
    while traceback is not None:
        yield traceback.tb_frame.f_code
        traceback = traceback.tb_next
