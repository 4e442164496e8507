"""Closes the connections of a thread that ends, whatever started it."""

import os
import threading
from contextlib import suppress
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def close_at_thread_end(wrapper: BaseDatabaseWrapper) -> None:
    """Close the wrapper's connection when this thread ends, unless `forget` is called before."""
    if threading.current_thread() is threading.main_thread():
        # The process ends with it, and its connections with the process.
        return
    if not hasattr(_thread, "end"):
        _thread.end = _ThreadEnd()
    _thread.end.wrappers[id(wrapper)] = wrapper


def forget(wrapper: BaseDatabaseWrapper) -> None:
    """The wrapper has no connection any more."""
    if (end := getattr(_thread, "end", None)) is not None:
        end.wrappers.pop(id(wrapper), None)


class _ThreadEnd:
    """Dies with its thread's local storage, which Python clears on that very thread."""

    def __init__(self) -> None:
        self.wrappers: dict[int, Any] = {}
        self._process_id = os.getpid()

    def __del__(self) -> None:
        # A fork ends all threads but one in the child, whose connections are the parent's.
        if os.getpid() != self._process_id:
            return
        while self.wrappers:
            _, wrapper = self.wrappers.popitem()
            # Nobody is left to hear of it, and the pool replaces a connection that is broken.
            with suppress(Exception):
                wrapper.close()


_thread = threading.local()
