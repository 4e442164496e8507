"""Sends an asynchronous iterator's chunks until the client disconnects."""

import asyncio
from typing import NamedTuple

from django.core.handlers.asgi import ASGIHandler
from django.http import StreamingHttpResponse

from django_runtimes.serving.asgi.exits import contained_exits
from django_runtimes.serving.asgi.streams.stalled_client import send_in_time
from django_runtimes.serving.asgi.threads.lease import Lease, close_on_lease
from django_runtimes.serving.asgi.threads.request_wrappers import RequestWrappers
from django_runtimes.serving.types import Message, Receive, Send


class AsyncStream(NamedTuple):
    """An asynchronous stream from a synchronous view, with its request's database wrappers."""

    response: StreamingHttpResponse
    wrappers: RequestWrappers


async def send_until_the_client_leaves(
    handler: ASGIHandler, response: StreamingHttpResponse, receive: Receive, send: Send
) -> None:
    """Send the response with the handler's methods, and close it on the lease's thread."""

    async def send_all() -> None:
        with contained_exits():
            await handler.send_response(response, send)

    sending = asyncio.create_task(send_all())
    leaving = asyncio.create_task(handler.listen_for_disconnect(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (leaving, sending):
            task.cancel()
        try:
            outcomes = await asyncio.gather(sending, leaving, return_exceptions=True)
        finally:
            await close_on_lease(response)
    if isinstance(outcomes[0], Exception):
        raise outcomes[0]


def resting(send: Send, lease: Lease, stalled_s: float) -> Send:
    """Wrap `send` to rest the lease before each message, so that a slow client holds no idle connection.

    If a connection must stay, the client has `stalled_s` seconds to take the message.
    """

    async def rest_and_send(message: Message) -> None:
        await lease.rest()
        if lease.has_thread:
            await send_in_time(send, message, stalled_s)
        else:
            await send(message)

    return rest_and_send
