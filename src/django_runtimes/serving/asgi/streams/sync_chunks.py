"""Asynchronous iterators over a stream's content, which Django's own handler sends chunk by chunk."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

from asgiref.sync import sync_to_async


async def chunk_by_chunk(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Produce each chunk on the request's thread after the previous one is sent; Django would list all chunks first."""
    next_chunk = sync_to_async(partial(next, chunks, None))
    while (chunk := await next_chunk()) is not None:
        yield chunk


async def one_chunk(content: bytes) -> AsyncIterator[bytes]:
    """Yield the whole content as one chunk."""
    yield content


async def no_chunks() -> AsyncIterator[bytes]:
    """Yield no content; the view's iterator is never started, and is closed with the response."""
    return
    yield b""
