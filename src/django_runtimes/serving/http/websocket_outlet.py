"""A websocket's transport with small reads and a bounded time to close."""

import asyncio
from typing import Any

# The size of one read. Every websocket may hold that much unparsed; asyncio and uvloop read 256 KiB at once.
READ_BYTES = 16 * 1024
# How long a client may take to read the last frame and close, like nginx's lingering_timeout.
_LINGER_S = 5.0
# How long a client may stop reading while a closed transport sends its remaining data.
_WRITE_PAUSE_S = 10.0

# All websockets share the buffer, since event loops fill it and pass it on before they read anything else.
_READ_BUFFER = memoryview(bytearray(READ_BYTES))


class WebSocketOutlet:
    """Reads nothing before the handshake's response, and only waits for the client to close after the last frame.

    A client must wait for the response (RFC 6455, section 4.1); uvicorn's websockets fail on data that arrives earlier.
    """

    def __init__(self, transport: Any, early: bytes | bytearray) -> None:
        """Wrap `transport`; after the response the websocket's protocol gets `early`, the bytes after the handshake."""
        self._transport = transport
        self._early = early
        self._is_answered = False
        self._is_leaving = False
        self._protocol: Any = None
        transport.pause_reading()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_protocol(self, protocol: Any) -> None:
        """Set the protocol that receives the data."""
        self._protocol = protocol
        self._transport.set_protocol(_SmallReads(protocol))

    def write(self, data: bytes) -> None:
        """Send data; the first write is the handshake's response."""
        if self._is_leaving:
            return
        self._transport.write(data)
        if not self._is_answered:
            self._is_answered = True
            # The call is scheduled, since the protocol is still sending its response.
            asyncio.get_running_loop().call_soon(self._start_reading)

    def is_closing(self) -> bool:
        """Return whether the transport has stopped sending and parsing."""
        return self._is_leaving or self._transport.is_closing()

    def close(self) -> None:
        """Close once all data is sent, or once the client stops reading."""
        if not self._is_leaving:
            self._transport.close()
            self._require_progress(None)

    def leave(self) -> None:
        """Close after the client does: an earlier close could reset the connection and lose the last frame."""
        if self.is_closing():
            return
        if not self._transport.can_write_eof():
            # TLS itself reads until the client's close_notify.
            self.close()
            return
        self._is_leaving = True
        self._transport.write_eof()
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(_LINGER_S, self._transport.abort)

    def _start_reading(self) -> None:
        early, self._early = self._early, b""
        if self.is_closing():
            return
        self._transport.resume_reading()
        if early:
            self._protocol.data_received(early)

    def _require_progress(self, unsent_before: int | None) -> None:
        unsent = self._transport.get_write_buffer_size()
        if unsent and unsent == unsent_before:
            self._transport.abort()
        elif unsent:
            asyncio.get_running_loop().call_later(_WRITE_PAUSE_S, self._require_progress, unsent)


class _SmallReads(asyncio.BufferedProtocol):
    """Passes data on to a websocket's protocol, at most READ_BYTES at once."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        return _READ_BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.data_received(_READ_BUFFER[:nbytes])

    def eof_received(self) -> None:
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
