"""Prepares the log handlers of a process that serves requests."""

import logging
import sys
from collections.abc import Iterator

from django_runtimes.observability.access.request_filter import RequestFilter

# gunicorn and uvicorn write these loggers' lines as text to standard error.
_SERVERS = ("gunicorn.error", "uvicorn.error")
# uvicorn's access log of websockets, which has the query string, and the lines of the library below it.
_WEBSOCKET = '%s - "WebSocket %s"'
_WEBSOCKET_MESSAGES = frozenset({"connection open", "connection closed"})
_NAMES_REQUESTS = RequestFilter()


class ServedHandler(logging.StreamHandler):  # type: ignore[type-arg]  # it is not generic at run time
    """Writes to standard error, and to standard output once the process serves requests.

    The output of a management command stays free of log lines.
    """


def begin_serving() -> None:
    """Name the current request in the lines of every handler, and write the library's to standard output.

    Call it after Django's set-up, and again after the application is loaded, which may add handlers.
    """
    handlers = set(_handlers())
    for handler in handlers:
        handler.addFilter(_NAMES_REQUESTS)
        if isinstance(handler, ServedHandler):
            handler.setStream(sys.stdout)
    logging.getLogger("uvicorn.error").addFilter(_is_no_access)
    if any(isinstance(handler, ServedHandler) for handler in handlers):
        for name in _SERVERS:
            # The list of handlers is gunicorn's own, so it is replaced instead of emptied.
            server = logging.getLogger(name)
            server.handlers, server.propagate = [], True


def _is_no_access(record: logging.LogRecord) -> bool:
    """Return whether the record is not a line about a websocket, since the access log has one of its own."""
    message = str(record.msg)
    return not message.startswith(_WEBSOCKET) and message not in _WEBSOCKET_MESSAGES


def _handlers() -> Iterator[logging.Handler]:
    """Yield the handlers of all loggers."""
    root = logging.getLogger()
    yield from root.handlers
    for logger in list(root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield from logger.handlers
