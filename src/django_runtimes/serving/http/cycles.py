"""One request and its response on a connection, with responses framed as HTTP requires."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from django_runtimes.serving.framing import framed, has_content

_ZERO = ord("0")


class Outlet:
    """The part of a transport that a cycle uses; `close` is the protocol's, since the client may still be sending."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: Any, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class EndedOutlet:
    """The transport of a completed cycle, whose connection now belongs to the next request."""

    def write(self, data: bytes) -> None:
        """Drop the data."""

    def is_closing(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Leave the connection open, even if the application fails after its response."""


async def _ignore() -> None:
    """Ignore the rest of a response that the client already has in full."""


class FramedCycle(RequestResponseCycle):
    """A response that ends for the client no earlier than the application ends it.

    A response that cannot have content ends with its head, whatever the application sends afterwards; the application
    receives http.disconnect.
    """

    _ends_with_head = False
    _ends_with_connection = False
    # The head of a response with an empty body, held until the application ends the response.
    _held_head: Any = None
    # The content's last byte, held until the application ends the response.
    _held_byte = b""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send an ASGI message; raise InvalidAnswerError for a head with conflicting declarations of the body's end."""
        if message["type"] == "http.response.body":
            if self._ends_with_head:
                return _ignore()
            if self._held_head is not None:
                return self._send_with_head(self._held_head, message)
            if self._held_byte or message.get("more_body"):
                return self._send_piece(message)
        elif message["type"] == "http.response.start" and not self.response_started:
            return self._begin(message)
        return super().send(message)

    def _begin(self, message: Any) -> Coroutine[Any, Any, None]:
        status, given = message["status"], message.get("headers", ())
        headers, length = framed(status, given if isinstance(given, (list, tuple)) else list(given))
        if headers is not given:
            message = {**message, "headers": headers}
        self._held_head = None
        if not has_content(self.scope["method"], status):
            self._ends_with_head = True
            return self._send_only(message)
        if length is not None and length[0] == _ZERO and not int(length):
            self._held_head = message
            return _ignore()
        return super().send(message)

    async def _send_only(self, head: Any) -> None:
        await super().send(head)
        await super().send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_with_head(self, head: Any, message: Any) -> None:
        if message.get("body"):
            raise RuntimeError("Response content longer than Content-Length")
        if not message.get("more_body"):
            self._held_head = None
            await super().send(head)
            await super().send(message)

    async def _send_piece(self, message: Any) -> None:
        body = self._held_byte + message.get("body", b"")
        self._held_byte = b""
        ends = not self.chunked_encoding and len(body) == self.expected_content_length
        if body and ends and message.get("more_body") and not self._ends_with_connection:
            # Hold the last byte back: a client that has it may send its next request while the application can still
            # fail.
            body, self._held_byte = body[:-1], body[-1:]
        await super().send(cast("Any", {**message, "body": body}))


class Http10Cycle(FramedCycle):
    """A response to HTTP/1.0, which has no chunks: without a length, the body ends when the connection closes."""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send an ASGI message."""
        if self._ends_with_connection and message["type"] == "http.response.body":
            # Let each piece pass uvicorn's check of the content's length.
            self.expected_content_length = len(message.get("body", b""))
        return super().send(message)

    def _begin(self, message: Any) -> Coroutine[Any, Any, None]:
        headers = list(message.get("headers", ()))
        self._ends_with_connection = b"content-length" not in {name.lower() for name, _ in headers}
        if self._ends_with_connection:
            self.chunked_encoding = False
        return super()._begin({**message, "headers": headers})
