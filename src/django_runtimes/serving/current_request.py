"""Tells the requests that a process serves apart, in whatever threads their contexts are copied to."""

from collections.abc import Callable
from contextvars import ContextVar

from django.core.signals import request_started


class Request:
    """One HTTP request or websocket, from its entry to its end; compared by identity."""

    # Of the class until they change: one is made for every request.
    is_over = False
    _at_end: set[Callable[["Request"], object]] | None = None

    def at_end(self, call: Callable[["Request"], object]) -> None:
        """Call it with this request when the request ends, on whatever thread that is; once, however often added."""
        if self._at_end is None:
            self._at_end = set()
        self._at_end.add(call)

    def end(self) -> None:
        """Make the calls, each of which raises nothing."""
        # First: what comes too late to be called looks at it.
        self.is_over = True
        while self._at_end:
            self._at_end.pop()(self)


# `asyncio.to_thread` and asgiref copy it to their threads; `executor.submit` does not. None outside requests.
current_request: ContextVar[Request | None] = ContextVar("current_request", default=None)


def handlers_mark() -> None:
    """A handler is made that tells its requests apart itself; from here on the signal's receiver would cost time."""
    request_started.disconnect(_mark)


def _mark(**_: object) -> None:
    current_request.set(Request())


# Under handlers of Django's, such as runserver's, where no request has an end that tells.
request_started.connect(_mark)
