"""One request and its response on a connection."""

import asyncio
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


class HandshakeOutlet:
    """A websocket's transport, which reads nothing until the handshake is answered.

    A client has to wait for that answer (RFC 6455, section 4.1), and uvicorn's websockets fail at what comes before it.
    """

    def __init__(self, transport: Any, early: bytes | bytearray) -> None:
        """`early` is what came in behind the handshake: the websocket's protocol gets it after the answer."""
        self._transport = transport
        self._early = early
        self._is_answered = False
        transport.pause_reading()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write; the first bytes are the answer."""
        self._transport.write(data)
        if not self._is_answered:
            self._is_answered = True
            # The protocol is still within its own answer.
            asyncio.get_running_loop().call_soon(self._start_reading)

    def _start_reading(self) -> None:
        early, self._early = self._early, b""
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        if early:
            self._transport.get_protocol().data_received(early)


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
