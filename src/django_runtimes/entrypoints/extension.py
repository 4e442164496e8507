"""Hears of the end of a Lambda execution environment, so that the database hears of it too."""

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
    """Register this process as an internal extension of no events, at `host:port`; keep what is returned.

    Lambda sends SIGTERM, and leaves 500 ms, only where an extension is registered; otherwise it kills at once.
    The init phase lasts until every extension has asked for its next event: this one's never comes.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    connection = HTTPConnection(runtime_api)
    try:
        connection.request("POST", f"{_EXTENSION}/register", b'{"events": []}', {"Lambda-Extension-Name": _NAME})
        response = connection.getresponse()
    except OSError as error:
        # The function serves all the same; the database then notices its end by itself.
        logger.warning("no SIGTERM will come, the Extensions API does not answer: %s", error)
        return None
    with response:
        refusal = response.read()
        identifier = response.headers["Lambda-Extension-Identifier"]
    if identifier is None:
        logger.warning("no SIGTERM will come, the extension is refused: %s %r", response.status, refusal)
        connection.close()
        return None
    connection.request("GET", f"{_EXTENSION}/event/next", headers={"Lambda-Extension-Identifier": identifier})
    return connection


def end_on_sigterm(close: Callable[[], None]) -> None:
    """End the process when SIGTERM comes, after `close` on a thread of its own.

    awslambdaric waits for invocations outside of Python, where no handler runs until the next one comes; the thread
    hears of the signal by the pipe that the interpreter writes to at once.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)

    def wait() -> None:
        while os.read(heard, 1)[0] != signal.SIGTERM:
            pass
        try:
            close()
        finally:
            os._exit(0)

    threading.Thread(target=wait, name="sigterm", daemon=True).start()
