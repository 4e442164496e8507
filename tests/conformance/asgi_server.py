"""Serves test clients with an ASGI handler on its own event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any

from tests.conformance.exchange import Reply

_PIECE_BYTES = 2**16


class AsgiServer:
    """A handler on an event loop that all servers of this class share."""

    def __init__(self, make_handler: Callable[[], Any]) -> None:
        self._handler = make_handler()

    def submit(self, scope: dict[str, Any], body: bytes) -> "Future[Reply]":
        """Start serving a request."""
        return asyncio.run_coroutine_threadsafe(_serve(self._handler, scope, body), server_loop())

    def close(self) -> None:
        """Release the handler's threads."""
        if hasattr(self._handler, "close"):
            self._handler.close()


async def _serve(handler: Any, scope: dict[str, Any], body: bytes) -> Reply:
    pieces = [body[start : start + _PIECE_BYTES] for start in range(0, len(body), _PIECE_BYTES)] or [b""]
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if pieces:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
        # The client stays connected until it has the response.
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await handler(scope, receive, send)
    start, *rest = messages
    return Reply(start["status"], list(start["headers"]), [message.get("body", b"") for message in rest])


@cache
def server_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop, which runs in its own thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="server", daemon=True).start()
    return loop
