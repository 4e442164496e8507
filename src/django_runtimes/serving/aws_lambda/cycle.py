"""Mangum's HTTP cycle, extended to stream, and to end a response with its head when it cannot have content."""

import asyncio
import logging
from typing import Any

from mangum.protocols import HTTPCycle
from mangum.protocols.http import HTTPCycleState

from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import STREAM_OUTLET
from django_runtimes.serving.aws_lambda.streams.reply_stream import ReplyStream, StreamOverError
from django_runtimes.serving.framing import has_content

# How long an application may continue to stream after the client's response is complete.
_GRACE_S = 1.0


logger = logging.getLogger(__name__)


class IncompleteStreamError(Exception):
    """An application has not ended the response that it began to stream."""


def _is_no_access(record: logging.LogRecord) -> bool:
    """Return whether a record is not the line that Mangum writes for each request, which has the whole path."""
    return record.levelno > logging.INFO


# A filter works with every LOGGING.
logging.getLogger("mangum.http").addFilter(_is_no_access)


class FramedHTTPCycle(HTTPCycle):
    """Mangum's cycle, extended to end a stream after its head if the response cannot have content.

    The application receives http.disconnect, and is cancelled a second later. The answer to a HEAD request keeps a body
    that is sent in one message, since the front computes Content-Length from it.

    With `stream`, a body of several messages leaves message by message. The application receives http.disconnect at
    the stream's limit too.
    """

    _running: "asyncio.Task[Any] | None" = None
    _ending: asyncio.TimerHandle | None = None
    _limit: asyncio.TimerHandle | None = None
    _failure: BaseException | None = None

    def __init__(self, scope: Any, body: bytes, stream: ReplyStream | None = None) -> None:
        super().__init__(scope, body)
        self._stream = stream
        # Done if the application runs on after the stream's limit, for example on a thread that nothing can interrupt.
        self.given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end_stream(self) -> None:
        """Raise the error that ended the stream, or that the application raised."""
        assert self._stream is not None  # noqa: S101  (the caller has seen it begin)
        if isinstance(self._failure, StreamOverError):
            self._stream.end_at_limit(self._failure)
        elif self._failure is not None:
            raise self._failure
        elif self.state is not HTTPCycleState.COMPLETE:
            raise IncompleteStreamError("the application returned before the last part of its stream")

    async def run(self, app: Any) -> None:
        """Run the application until it returns."""
        self._running = asyncio.current_task()
        try:
            await super().run(app if self._stream is None else self._kept(app))
        finally:
            for timer in (self._ending, self._limit):
                if timer is not None:
                    timer.cancel()
            self.given_up.cancel()

    def _kept(self, app: Any) -> Any:
        async def run_to_the_end(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except BaseException as error:
                if self._stream is None or not self._stream.has_begun:
                    raise
                if self._ending is None:
                    self._failure = error

        return run_to_the_end

    async def send(self, message: Any) -> None:
        """Process an ASGI message from the application."""
        if self._ending is not None:
            # Yield to the event loop, so that the application can be cancelled between messages.
            await asyncio.sleep(0)
            return
        if self._stream is not None and self._is_part(message, self._stream):
            await self._send_part(message, self._stream)
            return
        is_cut = self._is_last(message)
        if is_cut and message["type"] == "http.response.body":
            message = {**message, "more_body": False}
        await super().send(message)
        if is_cut:
            if self.state is HTTPCycleState.RESPONSE:
                await super().send({"type": "http.response.body", "body": b"", "more_body": False})
            if self._running is not None:
                self._ending = asyncio.get_running_loop().call_later(_GRACE_S, self._running.cancel)

    def _is_part(self, message: Any, stream: ReplyStream) -> bool:
        if message["type"] != "http.response.body" or self.state is not HTTPCycleState.RESPONSE:
            return False
        return stream.has_begun or (bool(message.get("more_body")) and has_content(self.scope["method"], self.status))

    async def _send_part(self, message: Any, stream: ReplyStream) -> None:
        loop = asyncio.get_running_loop()
        try:
            if not stream.has_begun:
                stream.begin(self.status, [(bytes(name), bytes(value)) for name, value in self.headers])
                self._limit = loop.call_later(stream.remaining_s, lambda: self._cut(stream.over()))
            stream.write(message.get("body", b""))
        except StreamOverError as error:
            self._cut(error)
            return
        if not message.get("more_body"):
            self.state = HTTPCycleState.COMPLETE
            await self.app_queue.put({"type": "http.disconnect"})

    def _cut(self, error: StreamOverError) -> None:
        if self._ending is not None or self.state is HTTPCycleState.COMPLETE:
            return
        self._failure = error
        self.state = HTTPCycleState.COMPLETE
        self.app_queue.put_nowait({"type": "http.disconnect"})
        loop = asyncio.get_running_loop()
        if self._running is not None:
            self._ending = loop.call_later(_GRACE_S, self._running.cancel)
        self._limit = loop.call_later(2 * _GRACE_S, self._give_up)

    def _give_up(self) -> None:
        logger.error(
            "the application cannot be stopped after its stream's limit, so this process ends; "
            "in an asynchronous view, stream from an asynchronous iterator"
        )
        STREAM_OUTLET.ends_process = True
        self.given_up.set_result(None)

    def _is_last(self, message: Any) -> bool:
        if message["type"] != "http.response.start":
            return self.scope["method"] == "HEAD" and bool(message.get("more_body"))
        names = {name.lower() for name, _ in message.get("headers", ())}
        return not has_content(self.scope["method"], message["status"]) and b"content-length" not in names
