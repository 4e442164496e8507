"""Keeps what ends a process from a process that serves other requests too."""

import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any


class ExitInRequestError(Exception):
    """A request's code has raised SystemExit or KeyboardInterrupt, which would stop the event loop."""


class ContainedExits:
    """A block that raises ExitInRequestError instead of SystemExit and KeyboardInterrupt, unless a signal raised them.

    Written as a class: `contextlib`'s generators cost ten times as much, and each request enters this.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, _EXITS) and not _is_of_a_signal(error):
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
