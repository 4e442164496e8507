"""Reads a request's body before a thread is taken for it, so that slow clients hold none."""

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
    """The whole body, spooled to disk beyond Django's limit.

    Raises RequestAborted when the client leaves before, OverloadedError when the disk does not take it.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RequestAborted
    if not message.get("more_body", False):
        # It came in one piece and is in memory anyway.
        return BytesIO(message.get("body", b""))
    try:
        return await _spooled(message, receive)
    except OSError as error:
        # To close the file writes what is left, so that it may fail once more on the way out.
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
        # Whole: from here on it is closed with the response.
        stack.pop_all()
    return cast("BinaryIO", file)
