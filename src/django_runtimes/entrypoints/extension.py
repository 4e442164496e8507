"""Registers a Lambda extension so that SIGTERM arrives and database connections close cleanly."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from http.client import HTTPConnection

logger = logging.getLogger(__name__)

_EXTENSION = "/2020-01-01/extension"
_NAME = "webapp"


def register_extension(runtime_api: str) -> HTTPConnection | None:
    """Register this process as an internal extension without events; `runtime_api` is the API's `host:port`.

    Return the connection of the extension's pending request, which the caller must keep open, or None if the
    registration failed. Lambda sends SIGTERM, 500 ms before SIGKILL, only to functions with an extension. The init
    phase lasts until every extension has requested its next event; Lambda never answers the request of this extension.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    connection = HTTPConnection(runtime_api)
    try:
        connection.request("POST", f"{_EXTENSION}/register", b'{"events": []}', {"Lambda-Extension-Name": _NAME})
        response = connection.getresponse()
    except OSError as error:
        # The function works without the extension; PostgreSQL then detects closed connections by itself.
        logger.warning(
            "Cannot register the extension, so SIGTERM will not arrive; the Extensions API does not answer: %s", error
        )
        return None
    with response:
        refusal = response.read()
        identifier = response.headers["Lambda-Extension-Identifier"]
    if identifier is None:
        logger.warning(
            "Cannot register the extension, so SIGTERM will not arrive; the Extensions API answers %s %r",
            response.status,
            refusal,
        )
        connection.close()
        return None
    connection.request("GET", f"{_EXTENSION}/event/next", headers={"Lambda-Extension-Identifier": identifier})
    return connection


def end_on_sigterm(close: Callable[[], None]) -> None:
    """On SIGTERM, call `close` in a separate thread, and then exit.

    awslambdaric waits for invocations in C code, where Python runs no signal handler until the next invocation. The
    thread reads the interpreter's wakeup pipe, which gets the signal at once.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)

    def wait() -> None:
        while os.read(read_end, 1)[0] != signal.SIGTERM:
            pass
        try:
            close()
        finally:
            os._exit(0)

    threading.Thread(target=wait, name="sigterm", daemon=True).start()
