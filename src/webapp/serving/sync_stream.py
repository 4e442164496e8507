"""Sends a synchronous iterator's chunks from the thread that runs it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any

from django.http import StreamingHttpResponse

from webapp.serving.body import Receive
from webapp.serving.sync_chain import encoded_headers

Send = Callable[[dict[str, Any]], Awaitable[None]]

# A client that takes nothing for so long is given up, since it holds a thread.
_STALLED_S = 60.0


class StreamChannel:
    """One response's way from a thread to the client; every chunk waits until the server has taken the one before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send) -> None:
        self._loop = loop
        self._receive = receive
        self._send = send
        self._listener: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._disconnected = False

    def abandon(self) -> None:
        """Let the thread end its stream; called on the event loop when the request is cancelled."""
        self._disconnected = True
        if self._sending is not None:
            self._sending.cancel()

    def stream(self, response: StreamingHttpResponse) -> None:
        """Send the whole response, until its end or until the client leaves; its thread's part."""
        start = {"type": "http.response.start", "status": response.status_code, "headers": encoded_headers(response)}
        try:
            self._deliver(start)
            for chunk in response:
                if self._disconnected:
                    return
                if chunk:
                    self._deliver({"type": "http.response.body", "body": chunk, "more_body": True})
            self._deliver({"type": "http.response.body"})
        except CancelledError:
            # Abandoned in the midst of a chunk.
            return
        finally:
            self._loop.call_soon_threadsafe(self._stop_listening)

    def _deliver(self, message: dict[str, Any]) -> None:
        sent = asyncio.run_coroutine_threadsafe(self._send_one(message), self._loop)
        try:
            sent.result(_STALLED_S)
        except TimeoutError:
            sent.cancel()
            raise

    async def _send_one(self, message: dict[str, Any]) -> None:
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        self._sending = asyncio.current_task()
        if not self._disconnected:
            await self._send(message)

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
