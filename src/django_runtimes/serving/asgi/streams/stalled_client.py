"""Disconnects a client that reads too slowly while its stream holds a thread or a connection."""

import asyncio
import logging

from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.asgi.streams.sync_stream import STALL_WARNING
from django_runtimes.serving.types import Message, Send

logger = logging.getLogger(__name__)


async def send_in_time(send: Send, message: Message, stalled_s: float) -> None:
    """Send a part of a stream; log a warning and raise CancelledError if the client does not take it in time."""
    try:
        await asyncio.wait_for(send(message), stalled_s)
    except TimeoutError:
        logger.warning(STALL_WARNING, ASGIHandler.chunk_size, stalled_s)
        # As after a disconnect, the server notices that the response is incomplete, and closes the connection.
        raise asyncio.CancelledError from None
