"""One request and its response on a connection."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from django_runtimes.serving.framing import framed, has_content

_ZERO = ord("0")


class Outlet:
    """What a cycle uses of its transport; closing is the protocol's, which knows what the client still sends."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: Any, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class EndedOutlet:
    """The transport of a cycle that is complete: the connection is the next request's."""

    def write(self, data: bytes) -> None:
        """Drop it."""

    def is_closing(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Leave the connection open, though the application fails after its answer."""


async def _ignore() -> None:
    """What is left of an answer that the client has whole."""


class FramedCycle(RequestResponseCycle):
    """A response that ends for the client where it ends for the application, and not before.

    What has no content ends with its head, whatever the application goes on to send: it hears that its client has left.
    """

    _ends_with_head = False
    _ends_with_connection = False
    # Of a response without content: the head is all that the client waits for.
    _held_head: Any = None
    # The content's last byte, while the application has not said that it is the last.
    _held_byte = b""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send one of ASGI's messages; InvalidAnswerError for a head that says its end in several ways."""
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
            # With it the connection would be the next client's, on which the application may still fail.
            body, self._held_byte = body[:-1], body[-1:]
        await super().send(cast("Any", {**message, "body": body}))


class Http10Cycle(FramedCycle):
    """A response to HTTP/1.0, which knows no chunks: without a length the connection's end is the body's."""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send one of ASGI's messages."""
        if self._ends_with_connection and message["type"] == "http.response.body":
            # Each piece is as long as was said.
            self.expected_content_length = len(message.get("body", b""))
        return super().send(message)

    def _begin(self, message: Any) -> Coroutine[Any, Any, None]:
        headers = list(message.get("headers", ()))
        self._ends_with_connection = b"content-length" not in {name.lower() for name, _ in headers}
        if self._ends_with_connection:
            self.chunked_encoding = False
        return super()._begin({**message, "headers": headers})
