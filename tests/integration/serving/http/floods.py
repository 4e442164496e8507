"""Clients that flood a server until they are ended: `python -m …http.floods PORT CLIENTS KIND...`."""

import asyncio
import contextlib
import itertools
import os
import sys

from tests.integration.serving.http.servers import request

_HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
)
_PING, _EMPTY, _TINY = b"\x89\x80\0\0\0\0", b"\x00\x80\0\0\0\0", b"\x81\x81\0\0\0\0x"
# Of a megabyte that has all but its last byte.
_UNFINISHED = b"\x82\xff" + (2**20).to_bytes(8, "big") + bytes(4) + bytes(2**20 - 1)


async def half_heads(reader, writer):
    """A part of a head, then nothing."""
    writer.write(b"GET / HTTP/1.1\r\nHost: gu")
    await reader.read()


async def endless_headers(reader, writer):
    """Headers for as long as the server takes them."""
    writer.write(request("GET /")[:-2])
    while not reader.at_eof():
        writer.write(b"X-A: aaaaaaaa\r\n" * 50)
        await writer.drain()
        await asyncio.sleep(0.001)


async def pipelined(reader, writer):
    """Many requests at once, whose answers are read."""
    while not reader.at_eof():
        writer.write(request("GET /page") * 50)
        await writer.drain()
        await reader.read(65536)


async def pipelined_unread(reader, writer):
    """Many requests, whose answers nobody reads."""
    writer.transport.pause_reading()
    while not writer.is_closing():
        writer.write(request("GET /page") * 50)
        await writer.drain()


async def connects(reader, writer):
    """A connection, and its end."""


async def resets(reader, writer):
    """A request, and a reset before its answer."""
    writer.write(request("GET /page"))
    writer.transport.abort()


async def slow_bodies(reader, writer):
    """A body a byte at a time."""
    writer.write(request("POST /", "Content-Length: 1000000"))
    while not reader.at_eof():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def tiny_chunks(reader, writer):
    """A body in chunks of one byte."""
    writer.write(request("POST /", "Transfer-Encoding: chunked"))
    while not reader.at_eof():
        writer.write(b"1\r\na\r\n" * 1000)
        await writer.drain()


async def event_streams(reader, writer):
    """A stream that is read to its end."""
    writer.write(request("GET /events"))
    await reader.read()


async def large_answers(reader, writer):
    """An answer of 64 MiB of which nothing is read."""
    writer.transport.pause_reading()
    writer.write(request("GET /pieces"))
    await asyncio.sleep(5)


async def pings(reader, writer):
    """A websocket's pings."""
    await _flood(reader, writer, "/socket", _PING * 5000)


async def fragments(reader, writer):
    """A message that goes on in empty fragments."""
    await _flood(reader, writer, "/socket", _EMPTY * 5000, first=b"\x01\x80\0\0\0\0")


async def messages(reader, writer):
    """Messages of one letter, whose answers are not read."""
    await _flood(reader, writer, "/socket", _TINY * 5000)


async def untaken_messages(reader, writer):
    """Messages of one letter that the application is too busy for."""
    await _flood(reader, writer, "/busy", _TINY * 5000)


async def unfinished_messages(reader, writer):
    """A large message without its last byte."""
    await _flood(reader, writer, "/socket", b"", first=_UNFINISHED)


async def silent_websockets(reader, writer):
    """A websocket on which nothing is said."""
    await _flood(reader, writer, "/socket", b"")


async def _flood(reader, writer, path, piece, *, first=b""):
    writer.write(request(f"GET {path}", *_HANDSHAKE))
    with contextlib.suppress(asyncio.IncompleteReadError):
        if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101"):
            return
    writer.write(first)
    while piece and not reader.at_eof():
        writer.write(piece)
        await writer.drain()
    await reader.read()


KINDS = {
    function.__name__: function
    for function in (
        *(half_heads, endless_headers, pipelined, pipelined_unread, connects, resets, slow_bodies, tiny_chunks),
        *(event_streams, large_answers, silent_websockets, pings, fragments, messages, untaken_messages),
        unfinished_messages,
    )
}


async def _keep(port, kind):
    """One client after the other."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await asyncio.wait_for(kind(reader, writer), 10)
            except TimeoutError:
                pass
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.005)


async def main(port: int, clients: int, *kinds: str) -> None:
    """Flood until this process ends."""
    # The server is to suffer, not this machine's other programs.
    os.nice(5)
    flooding = [
        asyncio.create_task(_keep(port, KINDS[kind])) for _, kind in zip(range(clients), itertools.cycle(kinds))
    ]
    await asyncio.gather(*flooding)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
