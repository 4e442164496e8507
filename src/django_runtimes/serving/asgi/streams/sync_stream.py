"""Sends a synchronous iterator's chunks from the thread that runs it."""

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any

from django.http import StreamingHttpResponse

from django_runtimes.serving.asgi.chains.sync_chain import encoded_headers
from django_runtimes.serving.asgi.threads.gate import Gate
from django_runtimes.serving.types import Receive, Send

logger = logging.getLogger(__name__)


# The time limit applies to each piece, so that a client may take longer for a large chunk of several pieces.
_PIECE_BYTES = 64 * 1024
STALL_WARNING = "a client took less than %s bytes of a stream in %s s"


class ClientLeftError(asyncio.CancelledError):
    """Ends a view whose client has disconnected; Django's own handler cancels such a view too."""


class StreamChannel:
    """Sends one response from a thread to the client, each piece after the server has accepted the previous one.

    `gate` limits the number of concurrent streams. A client that takes less than 64 KiB in `stalled_s` seconds is
    disconnected, since it holds a thread.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send, *, gate: Gate, stalled_s: float
    ) -> None:
        self._loop = loop
        self.receive = receive
        self.send = send
        self._gate = gate
        self._stalled_s = stalled_s
        self._admitted = False
        self._listener: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._disconnected = False

    async def enter(self) -> None:
        """Take a place among the streams; raise OverloadedError if none becomes free in time."""
        await self._gate.enter()
        self._admitted = True

    def leave(self) -> None:
        """Release the place, if there is one; call this on the event loop."""
        if self._admitted:
            self._admitted = False
            self._gate.leave()

    @property
    def has_left(self) -> bool:
        """Whether the client is known to have disconnected."""
        return self._disconnected

    async def until_left(self, view: Coroutine[Any, Any, Any]) -> Any:
        """Return the view's result; cancel it and raise ClientLeftError if the client disconnects first."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in one)

        def end(listening: asyncio.Task[None]) -> None:
            if self._disconnected:
                task.cancel()

        listener = self._listen_once()
        listener.add_done_callback(end)
        try:
            return await view
        except asyncio.CancelledError:
            if not self._disconnected:
                raise
            raise ClientLeftError from None
        finally:
            listener.remove_done_callback(end)
            # The code that sends the response may start its own listener.
            self._listener = None
            listener.cancel()

    def abandon(self) -> None:
        """Make the thread end its stream; call this on the event loop when the request is cancelled."""
        self._disconnected = True
        if self._sending is not None:
            self._sending.cancel()

    def stream(self, response: StreamingHttpResponse) -> None:
        """Send the response until it ends or the client disconnects; call this on the request's thread.

        Raise OverloadedError, before anything is sent, if no place among the streams becomes free in time.
        """
        if not self._admitted:
            asyncio.run_coroutine_threadsafe(self.enter(), self._loop).result()
        start = {"type": "http.response.start", "status": response.status_code, "headers": encoded_headers(response)}
        try:
            self._deliver(start)
            for chunk in response:
                if self._disconnected:
                    return
                for piece in range(0, len(chunk), _PIECE_BYTES):
                    body = chunk[piece : piece + _PIECE_BYTES]
                    self._deliver({"type": "http.response.body", "body": body, "more_body": True})
            self._deliver({"type": "http.response.body"})
        except CancelledError:
            # The request was cancelled in the middle of a chunk.
            return
        except TimeoutError:
            # The server notices that the response is incomplete, and closes the connection.
            logger.warning(STALL_WARNING, _PIECE_BYTES, self._stalled_s)
            return
        finally:
            self._loop.call_soon_threadsafe(self._stop_listening)

    def _deliver(self, message: dict[str, Any]) -> None:
        sent = asyncio.run_coroutine_threadsafe(self._send_one(message), self._loop)
        try:
            sent.result(self._stalled_s)
        except TimeoutError:
            sent.cancel()
            raise

    async def _send_one(self, message: dict[str, Any]) -> None:
        self._listen_once()
        self._sending = asyncio.current_task()
        if not self._disconnected:
            await self.send(message)

    def _listen_once(self) -> asyncio.Task[None]:
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return self._listener

    async def _listen(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
