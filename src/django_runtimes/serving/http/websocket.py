"""uvicorn's websockets, within limits of what waits for the application."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

# deflate makes 1,032 bytes of one at most, so that a piece holds a message or two of the largest size.
_COMPRESSED_PIECE_BYTES = 1024


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """Reads the next message when the application has taken those before it.

    uvicorn stops the transport then, and still inflates all that one read has brought: 64 KiB make 64 MiB.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unparsed = bytearray()
        self._message = bytearray()

    def data_received(self, data: bytes) -> None:
        """Parse what the connection has brought, up to a message."""
        if not self.conn.extensions:
            super().data_received(data)
            return
        self._unparsed += data
        self._parse()

    async def receive(self) -> Any:
        """The next of ASGI's messages; the transport brings more once all before it are taken."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._parse()
            if not self.read_paused:
                self.transport.resume_reading()
        return message

    async def send(self, message: Any) -> None:
        """Send one of ASGI's messages; after the last one only the client's farewell is awaited."""
        await super().send(message)
        if self.close_sent:
            self._parse()

    def _parse(self) -> None:
        while self._unparsed and not self.read_paused and not self.transport.is_closing():
            piece = bytes(self._unparsed[:_COMPRESSED_PIECE_BYTES])
            del self._unparsed[:_COMPRESSED_PIECE_BYTES]
            super().data_received(piece)

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment to its message, in one piece: each object would take more memory than a small fragment."""
        if self.frames:
            self._message = bytearray(self.frames.pop())
        self._message += event.data
        if event.fin:
            self.frames = [bytes(self._message)]
            self._message.clear()
            self.send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer, unless the client takes no answers."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()
