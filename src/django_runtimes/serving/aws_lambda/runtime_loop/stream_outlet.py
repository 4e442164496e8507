"""Where a handler finds the loop that can stream its response."""

from typing import Protocol


class StreamClient(Protocol):
    """Sends the current invocation's response in chunks; the loop ends the stream after the handler."""

    def begin_stream(self) -> None:
        """Begin the response."""
        ...

    def send_chunk(self, chunk: bytes | memoryview) -> None:
        """Send a part of the response that is not empty."""
        ...


class StreamOutlet:
    """The client of the loop that runs in this process; None under a loop that cannot stream.

    With `ends_process`, the process ends after the current invocation, and Lambda starts another one when it needs it.
    """

    client: StreamClient | None = None
    ends_process = False


STREAM_OUTLET = StreamOutlet()
