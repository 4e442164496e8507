"""The stream of one reply: its prelude, its pieces, and its limits."""

import json
import logging
import time
from typing import Any, Protocol

from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import StreamClient
from django_runtimes.serving.types import Headers

logger = logging.getLogger(__name__)

_PRELUDE_END = b"\0" * 8
_PRELUDE_KEYS = ("statusCode", "headers", "multiValueHeaders", "cookies")
# Lambda takes a piece of this size at once, so the limits are checked often.
_PIECE_BYTES = 64 * 1024
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
_MAX_BYTES = 200 * 2**20


class ComposeReply(Protocol):
    """Returns a front's reply without a body."""

    def __call__(self, status: int, headers: Headers, /) -> dict[str, Any]: ...


class StreamOverError(Exception):
    """A stream has reached its limit of time or size."""


class ReplyStream:
    """Sends a reply through the Runtime API; `compose` returns the front's reply for a status and headers.

    The stream ends `max_s` after its begin. Browsers open an ended event stream again, so its end is an ordinary one;
    any other stream ends with an error, since the client would take what it got for the whole.
    """

    def __init__(self, client: StreamClient, compose: ComposeReply, *, max_s: float, name: str) -> None:
        self._client = client
        self._compose = compose
        self._max_s = max(0.0, max_s)
        self._name = name
        self._ends_s = 0.0
        self._bytes = 0
        self._is_event_stream = False
        self.reply: dict[str, Any] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the client may have received a part."""
        return self.reply is not None

    @property
    def remaining_s(self) -> float:
        """The seconds until the limit; at least 0."""
        return max(0.0, self._ends_s - time.monotonic())

    def begin(self, status: int, headers: Headers) -> None:
        """Send the status and the headers; raise InvalidAnswerError for headers that no front can send."""
        reply = self._compose(status, headers)
        self._ends_s = time.monotonic() + self._max_s
        self._is_event_stream = any(
            name.lower() == b"content-type" and value.lower().startswith(b"text/event-stream")
            for name, value in headers
        )
        prelude = {key: reply[key] for key in _PRELUDE_KEYS if key in reply}
        self._client.begin_stream()
        self.reply = reply
        self._client.send_chunk(json.dumps(prelude).encode() + _PRELUDE_END)

    def write(self, chunk: bytes) -> None:
        """Send a part of the body; raise StreamOverError at the limits."""
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE_BYTES):
            piece = view[start : start + _PIECE_BYTES]
            if not self.remaining_s:
                raise self.over()
            self._bytes += len(piece)
            if self._bytes > _MAX_BYTES:
                raise StreamOverError(
                    f"{self._name}: the stream exceeds {_MAX_BYTES} bytes, Lambda's limit; "
                    "let the client fetch it from storage"
                )
            self._client.send_chunk(piece)

    def over(self) -> StreamOverError:
        """Return the error of a stream that has reached its limit of time."""
        return StreamOverError(
            f"{self._name}: the stream is ended after {self._max_s:g} s, its limit; end it earlier, "
            "or raise the limit and the function's timeout"
        )

    def end_at_limit(self, error: StreamOverError) -> None:
        """End an event stream in an ordinary way; raise the error for any other stream."""
        if not self._is_event_stream or self.remaining_s:
            raise error
        logger.info("%s", error)
