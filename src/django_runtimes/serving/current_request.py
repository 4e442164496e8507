"""Tells the requests that a process serves apart, in whatever threads their contexts are copied to."""

from collections.abc import Callable
from contextvars import ContextVar
from weakref import WeakMethod

from django.core.signals import request_started


class Request:
    """One HTTP request or websocket, from its entry to its end; compared by identity."""

    # Of the class until they change: one is made for every request.
    is_over = False
    _at_end: set[WeakMethod[Callable[["Request"], object]]] | None = None

    def at_end(self, method: Callable[["Request"], object]) -> None:
        """Call it with this request when the request ends, on whatever thread that is; once, however often added.

        Its object may be gone before: a websocket outlives many a thread that has worked for it.
        """
        if self._at_end is None:
            self._at_end = set()
        self._at_end.add(WeakMethod(method, self._at_end.discard))

    def end(self) -> None:
        """Make the calls, each of which raises nothing, and waits for nothing: this may be the event loop's thread."""
        # First: what comes too late to be called looks at it.
        self.is_over = True
        while self._at_end:
            try:
                method = self._at_end.pop()()
            except KeyError:
                # The last object has just been collected.
                return
            if method is not None:
                method(self)


# `asyncio.to_thread` and asgiref copy it to their threads; `executor.submit` does not. None outside requests.
current_request: ContextVar[Request | None] = ContextVar("current_request", default=None)


def handlers_mark() -> None:
    """A handler is made that tells its requests apart itself; from here on the signal's receiver would cost time."""
    request_started.disconnect(_mark)


def _mark(**_: object) -> None:
    current_request.set(Request())


# Under handlers of Django's, such as runserver's, where no request has an end that tells.
request_started.connect(_mark)
