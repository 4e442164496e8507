"""A websocket's transport, which reads little at once and closes in time."""

import asyncio
from typing import Any

# What one read brings. It waits to be parsed, of every websocket at once; asyncio and uvloop read 256 KiB.
READ_BYTES = 16 * 1024
# After the last frame the client has so long to take it and to leave, as nginx's lingering_timeout.
_LINGER_S = 5.0
# A closed transport that still sends ends when the client has taken nothing for so long.
_TAKING_S = 10.0

# The event loops fill it and hand it on before they read anything else.
_READ = memoryview(bytearray(READ_BYTES))


class WebSocketOutlet:
    """Reads nothing until the handshake is answered, and after a last frame only to see the client's end.

    A client has to wait for the answer (RFC 6455, section 4.1), and uvicorn's websockets fail at what comes before it.
    """

    def __init__(self, transport: Any, early: bytes | bytearray) -> None:
        """`early` is what came in behind the handshake: the websocket's protocol gets it after the answer."""
        self._transport = transport
        self._early = early
        self._is_answered = False
        self._is_leaving = False
        self._protocol: Any = None
        transport.pause_reading()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_protocol(self, protocol: Any) -> None:
        """Read for this one."""
        self._protocol = protocol
        self._transport.set_protocol(_SmallReads(protocol))

    def write(self, data: bytes) -> None:
        """Write; the first bytes are the answer."""
        if self._is_leaving:
            return
        self._transport.write(data)
        if not self._is_answered:
            self._is_answered = True
            # The protocol is still within its own answer.
            asyncio.get_running_loop().call_soon(self._start_reading)

    def is_closing(self) -> bool:
        """Whether nothing more is sent or parsed."""
        return self._is_leaving or self._transport.is_closing()

    def close(self) -> None:
        """Close when all is sent, or when the client takes nothing more."""
        if not self._is_leaving:
            self._transport.close()
            self._require_progress(None)

    def leave(self) -> None:
        """Close when the client has left: to close before would take the last frame away from one that still sends."""
        if self.is_closing():
            return
        if not self._transport.can_write_eof():
            # TLS reads on by itself until the client's farewell.
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
            asyncio.get_running_loop().call_later(_TAKING_S, self._require_progress, unsent)


class _SmallReads(asyncio.BufferedProtocol):
    """Hands everything on to a websocket's protocol, and at most READ_BYTES at once."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        return _READ

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.data_received(_READ[:nbytes])

    def eof_received(self) -> None:
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
