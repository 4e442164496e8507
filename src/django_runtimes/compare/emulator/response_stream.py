"""A response on its way from the function to the front, chunk by chunk."""

import asyncio
from collections.abc import AsyncIterator

_PRELUDE_END = b"\0" * 8
# The prelude has at most as many bytes as a buffered response.
_MAX_PRELUDE_BYTES = 6_291_556
_CHUNKS_AT_ONCE = 16


class ResponseStream:
    """Holds a few chunks, so that the function waits for a slow client.

    Lambda does not stop a function whose client has left: after `abandon()`, the chunks are dropped.
    """

    def __init__(self) -> None:
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._has_room = asyncio.Event()
        self._is_abandoned = False
        self._is_over = False
        self._failure: Exception | None = None

    async def send(self, chunk: bytes) -> None:
        """Add a chunk, when there is room for it."""
        while self._chunks.qsize() >= _CHUNKS_AT_ONCE and not self._is_abandoned:
            self._has_room.clear()
            await self._has_room.wait()
        if not self._is_abandoned:
            self._chunks.put_nowait(chunk)

    def end(self, failure: Exception | None = None) -> None:
        """End the stream, with the error that cut it off."""
        if not self._is_over:
            self._is_over, self._failure = True, failure
            self._chunks.put_nowait(None)

    def abandon(self) -> None:
        """Drop all chunks from now on, since the client has left."""
        self._is_abandoned = True
        self._has_room.set()

    async def prelude(self) -> tuple[bytes, bytes] | None:
        """Return the JSON before the 8 zero bytes, and the bytes after them that have arrived; None without them."""
        received = b""
        async for chunk in self.chunks():
            received += chunk
            prelude, end, rest = received.partition(_PRELUDE_END)
            if end:
                return prelude, rest
            if len(received) > _MAX_PRELUDE_BYTES:
                break
        return None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Return the chunks as they arrive; raise the error that cut the stream off."""
        while (chunk := await self._chunks.get()) is not None:
            self._has_room.set()
            yield chunk
        if self._failure is not None:
            raise self._failure
