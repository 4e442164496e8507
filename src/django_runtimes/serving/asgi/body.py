"""Reads a request's body before the request takes a thread, so that slow clients hold no thread."""

import logging
import tempfile
from contextlib import ExitStack
from io import BytesIO
from typing import BinaryIO, cast

from django.conf import settings
from django.core.exceptions import RequestAborted

from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.types import Message, Receive

logger = logging.getLogger(__name__)


async def read_body(receive: Receive) -> BinaryIO:
    """Return the whole body, spooled to disk beyond FILE_UPLOAD_MAX_MEMORY_SIZE.

    Raise RequestAborted if the client disconnects first, and OverloadedError if the disk cannot hold the body.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RequestAborted
    if not message.get("more_body", False):
        # A body in one piece is in memory already.
        return BytesIO(message.get("body", b""))
    try:
        return await _spooled(message, receive)
    except OSError as error:
        # The error is caught here, since closing the file flushes its buffer, which may fail again.
        logger.error("a request's body cannot be spooled to disk: %s", error)  # noqa: TRY400
        raise OverloadedError from None


async def _spooled(message: Message, receive: Receive) -> BinaryIO:
    with ExitStack() as stack:
        file = stack.enter_context(
            tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b")
        )
        file.write(message.get("body", b""))
        while message.get("more_body", False):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            file.write(message.get("body", b""))
        file.seek(0)
        # The body is complete, so it stays open until the response is closed.
        stack.pop_all()
    return cast("BinaryIO", file)
