"""A stream's content as asynchronous iterators, which Django's own handler sends chunk by chunk."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

from asgiref.sync import sync_to_async


async def chunk_by_chunk(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each chunk is made on the request's thread once the one before is sent; Django would make a list of them."""
    next_chunk = sync_to_async(partial(next, chunks, None))
    while (chunk := await next_chunk()) is not None:
        yield chunk


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Content that is here already."""
    yield content


async def nothing() -> AsyncIterator[bytes]:
    """No content: what the view gave is closed with its response, and never begun."""
    return
    yield b""
