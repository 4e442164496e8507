"""One HTTP/1.1 connection of the load generator, which sends a request and reads its response."""

import asyncio
import time
from typing import NamedTuple, cast

import httptools
from multidict import CIMultiDict

_NO_CONTENT, _NOT_MODIFIED, _FIRST_FINAL = 204, 304, 200


class ReceivedResponse(NamedTuple):
    """A complete response; the content is as sent, for example compressed.

    Its first byte arrived at the moment `first_byte_s` of time.perf_counter(); None without content.
    """

    status: int
    headers: CIMultiDict[str]
    content: bytes
    first_byte_s: float | None = None


class ConnectionEndedError(ConnectionError):
    """The server has closed the connection before the first byte of its response."""


class IncompleteResponseError(ConnectionError):
    """The server has closed the connection before the end of its response."""


class MalformedResponseError(ValueError):
    """The server has sent something that is not an HTTP response."""


class HttpConnection(asyncio.Protocol):
    """An open connection; `is_reusable` says whether it can send another request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[ReceivedResponse] | None = None
        self._has_received = False
        self._method = ""
        self._is_open = False
        self._keeps_alive = True
        self._first_byte_s: float | None = None
        # When the last response arrived, in seconds of the event loop's clock.
        self.idle_since_s = 0.0

    @property
    def is_reusable(self) -> bool:
        """Whether the connection is open and idle, and the server keeps it."""
        return self._is_open and self._keeps_alive and self._answer is None and not self._transport.is_closing()

    async def exchange(self, method: str, request: bytes) -> ReceivedResponse:
        """Send the request and return its response; close the connection if this fails or is cancelled.

        Raise ConnectionEndedError, IncompleteResponseError, MalformedResponseError or OSError.
        """
        loop = asyncio.get_running_loop()
        self._answer = answer = loop.create_future()
        self._method = method
        self._has_received = False
        self._parser = httptools.HttpResponseParser(self)
        self._begin_headers()
        self._transport.write(request)
        try:
            response: ReceivedResponse = await answer
        except BaseException:
            self._answer = None
            self.abort()
            raise
        self._answer = None
        self.idle_since_s = loop.time()
        return response

    def abort(self) -> None:
        """Close without waiting for anything."""
        if self._is_open:
            self._transport.abort()

    # Called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the transport of a new connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._is_open = True

    def data_received(self, data: bytes) -> None:
        """Parse the response; data that answers no request closes the connection."""
        if self._is_answered:
            self._transport.abort()
            return
        self._has_received = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(MalformedResponseError("the server switched protocols, which was not requested"))
        except httptools.HttpParserError as error:
            self._fail(MalformedResponseError(f"not an HTTP response: {error}"))

    def eof_received(self) -> bool:
        """Let the transport close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the request: a response without a length ends with its connection."""
        self._is_open = False
        if self._is_answered:
            return
        if exc is not None:
            self._fail(exc)
        elif not self._has_received:
            self._fail(ConnectionEndedError("the server closed the connection without a response"))
        elif self._has_head and not self._has_length:
            self._finish()
        else:
            self._fail(IncompleteResponseError("the server closed the connection within its response"))

    # Called by the parser

    def on_message_begin(self) -> None:
        """Begin a response; one that answers no request is the connection's last."""
        if self._is_answered:
            self._keeps_alive = False
        self._begin_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        decoded = name.decode("latin-1")
        self._headers.add(decoded, value.decode("utf-8", "surrogateescape"))
        if decoded.lower() in ("content-length", "transfer-encoding"):
            self._has_length = True

    def on_headers_complete(self) -> None:
        """Finish a response that has no body whatever its headers say."""
        self._status = self._parser.get_status_code()
        if self._status < _FIRST_FINAL or self._is_answered:
            return
        self._has_head = True
        self._keeps_alive = self._parser.should_keep_alive() and self._has_length
        if self._method == "HEAD" or self._status in (_NO_CONTENT, _NOT_MODIFIED):
            self._keeps_alive = self._parser.should_keep_alive()
            self._finish()

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body."""
        if self._first_byte_s is None:
            self._first_byte_s = time.perf_counter()
        self._content.append(body)

    def on_message_complete(self) -> None:
        """Finish the response; an informational one precedes the final response."""
        if self._status >= _FIRST_FINAL:
            self._finish()

    @property
    def _is_answered(self) -> bool:
        return self._answer is None or self._answer.done()

    def _begin_headers(self) -> None:
        self._status = 0
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._content: list[bytes] = []
        self._first_byte_s = None
        self._has_head = self._has_length = False

    def _finish(self) -> None:
        if self._answer is not None and not self._answer.done():
            content = b"".join(self._content)
            self._answer.set_result(ReceivedResponse(self._status, self._headers, content, self._first_byte_s))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
