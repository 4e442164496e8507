"""Sends the chunks of Django's streaming responses."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from django_runtimes.serving.asgi.chains.sync_chain import encoded_headers
from django_runtimes.serving.asgi.exits import contained_exits
from django_runtimes.serving.asgi.streams.small_file import is_small_file
from django_runtimes.serving.asgi.threads.abandoned import close_idle
from django_runtimes.serving.aws_lambda.streams.reply_stream import ReplyStream, StreamOverError
from django_runtimes.serving.framing import has_content

RunAsync = Callable[[Coroutine[Any, Any, Any]], Any]


def is_streamed(response: Any, method: str) -> bool:
    """Return whether a response should leave in chunks: a stream with content, except a file of up to 1 MiB."""
    return response.streaming and has_content(method, response.status_code) and not is_small_file(response)


def send_streamed(response: Any, stream: ReplyStream, run_async: RunAsync) -> None:
    """Send the response from the thread that ran the view; `run_async` runs the coroutine that sends asynchronously."""
    close_idle()
    stream.begin(response.status_code, encoded_headers(response))
    try:
        if response.is_async:
            run_async(_send_async_chunks(response, stream))
        else:
            _send_chunks(response, stream)
    except StreamOverError as error:
        stream.end_at_limit(error)


def _send_chunks(response: Any, stream: ReplyStream) -> None:
    with contained_exits(), _Alarm(stream) as alarm:
        for chunk in alarm.produced(iter(response)):
            # The iterator may wait long before its next query.
            close_idle()
            stream.write(chunk)


async def _send_async_chunks(response: StreamingHttpResponse, stream: ReplyStream) -> None:
    try:
        async with asyncio.timeout(stream.remaining_s) as limit:
            with contained_exits():
                async for chunk in response:
                    await sync_to_async(close_idle)()
                    stream.write(chunk)
    except TimeoutError:
        if not limit.expired():
            raise
        raise stream.over() from None


class _TimeOver(BaseException):
    """Ends an iterator at the time limit; `except Exception` in it does not stop this."""


class _Alarm:
    """Interrupts an iterator that produces nothing until the time limit, unless the application uses SIGALRM.

    Only the main thread can be interrupted, on which the loop runs. The signal never interrupts the sending of a chunk.
    """

    def __init__(self, stream: ReplyStream) -> None:
        self._stream = stream
        self._is_producing = False
        is_main = threading.current_thread() is threading.main_thread()
        self._is_set = is_main and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL

    def __enter__(self) -> "_Alarm":
        if self._is_set:
            signal.signal(signal.SIGALRM, self._ring)
            # A value of 0 would switch the timer off.
            signal.setitimer(signal.ITIMER_REAL, max(self._stream.remaining_s, 0.001))
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_set:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def produced(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks; raise StreamOverError if the next one takes too long."""
        while True:
            try:
                try:
                    self._is_producing = True
                    chunk = next(chunks)
                finally:
                    self._is_producing = False
            except StopIteration:
                return
            except _TimeOver:
                raise self._stream.over() from None
            yield chunk

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._is_producing:
            raise _TimeOver
