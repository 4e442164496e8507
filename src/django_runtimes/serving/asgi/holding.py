"""What a synchronous request holds of what others need too."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO

from django_runtimes.serving.asgi.streams.sync_stream import StreamChannel
from django_runtimes.serving.asgi.threads.gate import Place


class Holding:
    """A request's body and its places, which its thread may need for longer than its task does."""

    channel: StreamChannel
    place: Place | None = None
    # From its submission on.
    call: "Future[Any] | None" = None

    def __init__(self, body: BinaryIO) -> None:
        self.body = body

    def leave_places(self) -> None:
        """Let others have the places; on the event loop."""
        if self.place is not None:
            self.place.leave()
        if hasattr(self, "channel"):
            self.channel.leave()

    def settle(self) -> None:
        """Give everything back now, or when the call ends on its thread; on the event loop."""
        call = self.call
        if call is None or call.done():
            self._give_back(call)
        else:
            # A task that is cancelled stops waiting for its thread, which goes on.
            call.add_done_callback(partial(self._give_back_soon, asyncio.get_running_loop()))

    def _give_back_soon(self, loop: asyncio.AbstractEventLoop, call: "Future[Any]") -> None:
        # A closed loop has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._give_back, call)

    def _give_back(self, call: "Future[Any] | None") -> None:
        self.leave_places()
        if call is None or call.cancelled():
            # Else the thread has closed it with the response.
            self.body.close()
