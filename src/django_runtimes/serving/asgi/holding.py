"""What a synchronous request holds of what others need too."""

from typing import BinaryIO

from django_runtimes.serving.asgi.streams.sync_stream import StreamChannel
from django_runtimes.serving.asgi.threads.gate import Place


class Holding:
    """A request's body and its places: its task's, and from its submission on its thread's, which may end later."""

    channel: StreamChannel

    def __init__(self, body: BinaryIO) -> None:
        self._body = body
        self.place: Place | None = None
        self.is_of_thread = False

    def leave_places(self) -> None:
        """Let others have the places; on the event loop."""
        if self.place is not None:
            self.place.leave()
        if hasattr(self, "channel"):
            self.channel.leave()

    def give_back(self, has_run: bool) -> None:  # noqa: FBT001  (an executor calls it with that alone)
        """Let go of everything, the body only when no thread has run, which closes it with the response."""
        self.leave_places()
        if not has_run:
            self._body.close()
