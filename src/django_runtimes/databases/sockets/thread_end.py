"""Closes a thread's connections when the thread ends, regardless of how it was started."""

import os
import threading
from contextlib import suppress
from typing import Any, Protocol


class ThreadWrapper(Protocol):
    """A wrapper whose thread ends."""

    def end_thread(self) -> None:
        """Close the connection, which this thread used."""


def close_at_thread_end(wrapper: ThreadWrapper) -> None:
    """Close the wrapper's connection when this thread ends, unless `forget()` is called before."""
    if threading.current_thread() is threading.main_thread():
        # When the main thread ends, the process ends and its connections are closed.
        return
    if not hasattr(_thread, "end"):
        _thread.end = _ThreadEnd()
    _thread.end.wrappers[id(wrapper)] = wrapper


def forget(wrapper: ThreadWrapper) -> None:
    """Cancel `close_at_thread_end()` for a wrapper without a connection."""
    if (end := getattr(_thread, "end", None)) is not None:
        end.wrappers.pop(id(wrapper), None)


class _ThreadEnd:
    """Closes connections when it is finalized: Python clears thread-local storage on the thread that ends."""

    def __init__(self) -> None:
        self.wrappers: dict[int, Any] = {}
        self._process_id = os.getpid()

    def __del__(self) -> None:
        # In a forked child, all other threads end, but their connections belong to the parent.
        if os.getpid() != self._process_id:
            return
        while self.wrappers:
            _, wrapper = self.wrappers.popitem()
            # No caller is left to handle an error, and the pool replaces a broken connection.
            with suppress(Exception):
                wrapper.end_thread()


_thread = threading.local()
