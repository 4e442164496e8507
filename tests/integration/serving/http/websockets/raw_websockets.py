"""A websocket client that sends raw bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.integration.serving.http.in_process import PATIENCE_S
from tests.integration.serving.http.servers import request

HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
)
CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"


def frame(content: bytes, *, announced: int | None = None, first: int = 0x82) -> bytes:
    """Return a masked frame that declares the length `announced`, which is the content's length by default."""
    return bytes([first, 0xFF]) + (announced or len(content)).to_bytes(8, "big") + bytes(4) + content


class RawWebSocket:
    """An open websocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, path: str, *headers: str) -> "RawWebSocket":
        """Connect, and return once the server has accepted the handshake."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(f"GET {path}", *HANDSHAKE, *headers))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        return cls(reader, writer)

    def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self.writer.write(data)

    async def echo(self, letters: bytes) -> bytes:
        """Send a short text and return the text of the response."""
        self.send(bytes([0x81, 0x80 | len(letters)]) + bytes(4) + letters)
        return (await asyncio.wait_for(self.reader.readexactly(2 + len(letters)), PATIENCE_S))[2:]

    async def close_code(self, patience_s: float = PATIENCE_S) -> int | None:
        """Return the server's close code, or None if it does not close within `patience_s`."""
        raw = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(patience_s):
                while data := await self.reader.read(65536):
                    raw += data
        at = raw.rfind(b"\x88")
        return None if at < 0 else int.from_bytes(raw[at + 2 : at + 4], "big")

    async def leave(self) -> None:
        """Close the connection without a close frame."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def opened(port: int, path: str, count: int, *headers: str) -> AsyncIterator[list[RawWebSocket]]:
    """Open `count` websockets, and abort them at the end of the block."""
    sockets: list[RawWebSocket] = []
    try:
        for _ in range(count):
            sockets.append(await RawWebSocket.open(port, path, *headers))  # noqa: PERF401  (one may fail)
        yield sockets
    finally:
        for one in sockets:
            one.writer.transport.abort()
        await asyncio.sleep(0.05)
