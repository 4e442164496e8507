"""Reads a request's body before a thread is taken for it, so that slow clients hold none."""

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from io import BytesIO
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import RequestAborted

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def read_body(receive: Receive) -> BinaryIO:
    """The whole body, spooled to disk beyond Django's limit; RequestAborted when the client leaves before."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RequestAborted
    if not message.get("more_body", False):
        # It came in one piece and is in memory anyway.
        return BytesIO(message.get("body", b""))
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
