"""Clients that flood a server until they are killed: `python -m …http.floods PORT CLIENTS KIND...`."""

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
# A message of 1 MiB without its last byte.
_UNFINISHED = b"\x82\xff" + (2**20).to_bytes(8, "big") + bytes(4) + bytes(2**20 - 1)


async def half_heads(reader, writer):
    """Send part of a request's head, then nothing."""
    writer.write(b"GET / HTTP/1.1\r\nHost: gu")
    await reader.read()


async def endless_headers(reader, writer):
    """Send headers for as long as the server reads them."""
    writer.write(request("GET /")[:-2])
    while not reader.at_eof():
        writer.write(b"X-A: aaaaaaaa\r\n" * 50)
        await writer.drain()
        await asyncio.sleep(0.001)


async def pipelined(reader, writer):
    """Send many requests at once and read the responses."""
    while not reader.at_eof():
        writer.write(request("GET /page") * 50)
        await writer.drain()
        await reader.read(65536)


async def pipelined_unread(reader, writer):
    """Send many requests and read no response."""
    writer.transport.pause_reading()
    while not writer.is_closing():
        writer.write(request("GET /page") * 50)
        await writer.drain()


async def connects(reader, writer):
    """Connect, then leave at once."""


async def resets(reader, writer):
    """Send a request and reset the connection before the response."""
    writer.write(request("GET /page"))
    writer.transport.abort()


async def slow_bodies(reader, writer):
    """Send a body one byte at a time."""
    writer.write(request("POST /", "Content-Length: 1000000"))
    while not reader.at_eof():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def tiny_chunks(reader, writer):
    """Send a body in chunks of one byte."""
    writer.write(request("POST /", "Transfer-Encoding: chunked"))
    while not reader.at_eof():
        writer.write(b"1\r\na\r\n" * 1000)
        await writer.drain()


async def event_streams(reader, writer):
    """Read a stream to its end."""
    writer.write(request("GET /events"))
    await reader.read()


async def large_answers(reader, writer):
    """Request a response of 64 MiB and read nothing."""
    writer.transport.pause_reading()
    writer.write(request("GET /pieces"))
    await asyncio.sleep(5)


async def pings(reader, writer):
    """Send pings over a websocket."""
    await _flood(reader, writer, "/socket", _PING * 5000)


async def fragments(reader, writer):
    """Send one message in an endless series of empty fragments."""
    await _flood(reader, writer, "/socket", _EMPTY * 5000, first=b"\x01\x80\0\0\0\0")


async def messages(reader, writer):
    """Send messages of one letter and read no response."""
    await _flood(reader, writer, "/socket", _TINY * 5000)


async def unreceived_messages(reader, writer):
    """Send messages of one letter that the application is too busy to receive."""
    await _flood(reader, writer, "/busy", _TINY * 5000)


async def unfinished_messages(reader, writer):
    """Send a large message without its last byte."""
    await _flood(reader, writer, "/socket", b"", first=_UNFINISHED)


async def silent_websockets(reader, writer):
    """Open a websocket and send nothing."""
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
        *(event_streams, large_answers, silent_websockets, pings, fragments, messages, unreceived_messages),
        unfinished_messages,
    )
}


async def _repeat(port, kind):
    """Run one client after another."""
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
    """Flood the server until this process is killed."""
    # Flood the server without starving this machine's other programs.
    os.nice(5)
    flooding = [
        asyncio.create_task(_repeat(port, KINDS[kind])) for _, kind in zip(range(clients), itertools.cycle(kinds))
    ]
    await asyncio.gather(*flooding)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
