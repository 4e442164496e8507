"""One request and its response on a connection."""

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Outlet:
    """What a cycle uses of its transport; closing is the protocol's, which knows what the client still sends."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: Any, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class Http10Cycle(RequestResponseCycle):
    """A response to HTTP/1.0, which knows no chunks: without a length the connection's end is the body's."""

    _ends_with_connection = False

    async def send(self, message: Any) -> None:
        """Send one of ASGI's messages."""
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            self._ends_with_connection = not names & {b"content-length", b"transfer-encoding"}
            if self._ends_with_connection:
                self.chunked_encoding = False
        elif self._ends_with_connection:
            # Each piece is as long as was said.
            self.expected_content_length = len(message.get("body", b""))
        await super().send(cast("Any", message))
