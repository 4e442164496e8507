"""Identifies the current request in each thread that its context is copied to."""

from collections.abc import Callable
from contextvars import ContextVar
from weakref import WeakMethod

from django.core.signals import request_started


class Request:
    """One HTTP request or websocket, from start to end; compared by identity."""

    # These are class attributes until they change, because an instance is created for every request.
    is_over = False
    # Whether the client's pace decides how long the request keeps an open cursor.
    is_streaming = False
    _at_end: set[WeakMethod[Callable[["Request"], object]]] | None = None

    def at_end(self, method: Callable[["Request"], object]) -> None:
        """Call `method` with this request, once, when the request ends; the call may run on any thread.

        The method's object is held weakly, since a websocket outlives many threads that have worked for it.
        """
        if self._at_end is None:
            self._at_end = set()
        self._at_end.add(WeakMethod(method, self._at_end.discard))

    def end(self) -> None:
        """Call the methods from `at_end()`, which must not raise or block: this may be the event loop's thread."""
        # Set this first, because a caller that adds a method too late checks it.
        self.is_over = True
        while self._at_end:
            try:
                method = self._at_end.pop()()
            except KeyError:
                # The last object has just been garbage-collected.
                return
            if method is not None:
                method(self)


# The value is None outside requests. `asyncio.to_thread` and asgiref copy it to their threads; `executor.submit` does
# not.
current_request: ContextVar[Request | None] = ContextVar("current_request", default=None)


def is_streaming() -> bool:
    """Return whether the current request has begun to stream its response."""
    request = current_request.get()
    return request is not None and request.is_streaming


def begin_to_stream() -> None:
    """Note that the current request streams its response from now on."""
    request = current_request.get()
    if request is not None:
        request.is_streaming = True


def stop_setting_by_signal() -> None:
    """Disconnect the receiver of `request_started`, which is redundant if a handler sets the current request itself."""
    request_started.disconnect(_set_current_request)


def _set_current_request(**_: object) -> None:
    current_request.set(Request())


# This receiver is for Django's own handlers, such as runserver's, which never call a request's end().
request_started.connect(_set_current_request)
