"""The limited resources that a synchronous request holds."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO

from django_runtimes.serving.asgi.streams.sync_stream import StreamChannel
from django_runtimes.serving.asgi.threads.gate import Place


class RequestResources:
    """A request's body and places; the request's thread may need them after its task has ended."""

    channel: StreamChannel
    place: Place | None = None
    # The call on the request's thread, once it is submitted.
    call: "Future[Any] | None" = None

    def __init__(self, body: BinaryIO) -> None:
        self.body = body

    def leave_places(self) -> None:
        """Free the places for other requests; call this on the event loop."""
        if self.place is not None:
            self.place.leave()
        if hasattr(self, "channel"):
            self.channel.leave()

    def release(self) -> None:
        """Release everything now, or when the call on the thread ends; call this on the event loop."""
        call = self.call
        if call is None or call.done():
            self._release_now(call)
        else:
            # A cancelled task stops waiting for its thread, but the thread continues.
            call.add_done_callback(partial(self._release_soon, asyncio.get_running_loop()))

    def _release_soon(self, loop: asyncio.AbstractEventLoop, call: "Future[Any]") -> None:
        # If the loop is closed, no request waits for the places.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._release_now, call)

    def _release_now(self, call: "Future[Any] | None") -> None:
        self.leave_places()
        if call is None or call.cancelled():
            # If the call ran, the thread has closed the body with the response.
            self.body.close()
