"""Unparsed bytes use little memory, for a single client and for all clients together."""

import asyncio
import contextlib

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, closes, talk_until_closed
from tests.integration.serving.http.servers import request, talk

pytestmark = pytest.mark.profile_free

_PIPELINED = request("GET /page") * 1_000


async def _opened(port, *pieces):
    pair = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        pair[1].write(piece)
        await asyncio.sleep(0.05)
    return pair


async def test_pipelined_requests_share_a_memory_limit(serve):
    async with serve(unparsed=3 * len(_PIPELINED)) as (port, _):
        pairs = [await _opened(port, request("GET /endless") + _PIPELINED) for _ in range(4)]
        ended = [await closes(reader) for reader, _ in pairs]
        served, _ = await talk_until_closed(port, request("GET /page", "Connection: close"))
        for _, writer in pairs:
            writer.close()

    assert ended == [True, False, False, False]
    assert served.startswith(b"HTTP/1.1 200 ")


async def test_incomplete_heads_share_a_memory_limit(serve):
    half = request("GET /")[:-2] + b"X-A: b\r\n" * 90
    async with serve(unparsed=2 * len(half) + 100) as (port, _):
        pairs = [await _opened(port, half) for _ in range(2)]
        # The first client is still sending, but it started earliest.
        pairs[0][1].write(b"X-A: b\r\n")
        pairs.append(await _opened(port, half))
        ended = [await closes(reader) for reader, _ in pairs]
        for _, writer in pairs:
            writer.close()

    assert ended == [True, False, False]


async def test_a_small_incomplete_head_survives_many_pipelined_requests(serve):
    async with serve(unparsed=3 * len(_PIPELINED)) as (port, _):
        reader, writer = await _opened(port, request("GET /page", "Connection: close")[:-2])
        flood = [await _opened(port, request("GET /endless") + _PIPELINED) for _ in range(6)]
        ended = [await closes(each) for each, _ in flood]
        writer.write(b"\r\n")
        served = await asyncio.wait_for(reader.read(), PATIENCE_S)
        for each in (writer, *(pair[1] for pair in flood)):
            each.close()

    assert ended == [True, True, True, True, False, False]
    assert served.startswith(b"HTTP/1.1 200 ")


async def test_repeated_receives_do_not_read_more_requests(serve):
    async def application(scope, receive, send):
        await receive()
        for _ in range(1_000):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(receive(), 0.01)

    async with serve(app=application, unparsed=2**20) as (port, connections):
        _, writer = await _opened(port, request("GET /"))
        for _ in range(200):
            writer.write(_PIPELINED)
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            while len(connections.opened):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert connections.unparsed.held_bytes == 0
        writer.close()


@pytest.mark.parametrize(
    ("status", "size"),
    [(413, b"7fffffffffffffff"), (413, b"ffffffffffffffff"), (400, b"10000000000000000"), (413, b"80000000")],
)
def test_a_declared_chunk_size_allocates_no_memory(server, status, size):
    before = server.peak_mb()

    received = talk(server.port, request("POST /", "Transfer-Encoding: chunked") + size + b"\r\n" + b"x" * 9_000)

    assert (received.statuses, received.closed) == ([status], True)
    assert server.peak_mb() - before < 20


async def test_a_long_chunk_extension_sent_bytewise_is_rejected(serve):
    async with serve(linger_pause_s=0.1) as (port, _):
        reader, writer = await _opened(port, request("POST /", "Transfer-Encoding: chunked"), b"1;")
        with contextlib.suppress(ConnectionError):
            for _ in range(20_000):
                writer.write(b"a")
                await writer.drain()
        raw = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()

    assert raw.startswith(b"HTTP/1.1 400 ")


async def test_expect_100_continue_without_a_body_gets_408(serve):
    async with serve(body_pause_s=0.3, linger_pause_s=0.1) as (port, _):
        raw, after_s = await talk_until_closed(port, request("POST /", "Expect: 100-continue", "Content-Length: 9"))

    assert raw.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 408 " in raw
    assert after_s > 0.2


def test_http_1_0_keep_alive_is_ignored(port):
    head = b"GET / HTTP/1.0\r\nHost: guestbook.example\r\nConnection: keep-alive\r\n\r\n"

    received = talk(port, head * 2)

    assert (received.statuses, received.closed) == ([200], True)
