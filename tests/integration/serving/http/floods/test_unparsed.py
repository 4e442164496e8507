"""Unparsed bytes use little memory, for a single client and for all clients together."""

import asyncio
import contextlib

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, closes, talk_until_closed
from tests.integration.serving.http.servers import request, talk
from tests.integration.serving.one_hop.exchange import eventually

pytestmark = pytest.mark.profile_free

_PIPELINED = request("GET /page") * 1_000


async def _opened(port, *pieces):
    pair = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        pair[1].write(piece)
    return pair


async def _until_held(connections, held_bytes):
    """Wait until the server holds this many unparsed bytes."""
    await eventually(lambda: connections.unparsed.held_bytes >= held_bytes)


async def _ends(pairs, *, closed):
    """Return whether the server closes each connection; the first `closed` may take as long as a busy machine needs."""
    waits_s = [PATIENCE_S if number < closed else 0.2 for number in range(len(pairs))]
    return [await closes(reader, within_s=wait_s) for (reader, _), wait_s in zip(pairs, waits_s, strict=True)]


async def test_pipelined_requests_share_a_memory_limit(serve):
    async with serve(unparsed=3 * len(_PIPELINED)) as (port, connections):
        pairs = []
        for number in range(1, 5):
            pairs.append(await _opened(port, request("GET /endless") + _PIPELINED))
            await _until_held(connections, min(number, 3) * len(_PIPELINED))
        ended = await _ends(pairs, closed=1)
        served, _ = await talk_until_closed(port, request("GET /page", "Connection: close"))
        for _, writer in pairs:
            writer.close()

    assert ended == [True, False, False, False]
    assert served.startswith(b"HTTP/1.1 200 ")


async def test_incomplete_heads_share_a_memory_limit(serve):
    half = request("GET /")[:-2] + b"X-A: b\r\n" * 90
    async with serve(unparsed=2 * len(half) + 100) as (port, connections):
        pairs = []
        for number in (1, 2):
            pairs.append(await _opened(port, half))
            await _until_held(connections, number * len(half))
        # The first client is still sending, but it started earliest.
        pairs[0][1].write(more := b"X-A: b\r\n")
        await _until_held(connections, 2 * len(half) + len(more))
        pairs.append(await _opened(port, half))
        ended = await _ends(pairs, closed=1)
        for _, writer in pairs:
            writer.close()

    assert ended == [True, False, False]


async def test_a_small_incomplete_head_survives_many_pipelined_requests(serve):
    async with serve(unparsed=3 * len(_PIPELINED)) as (port, connections):
        reader, writer = await _opened(port, request("GET /page", "Connection: close")[:-2])
        await _until_held(connections, 1)
        flood = []
        for number in range(1, 7):
            flood.append(await _opened(port, request("GET /endless") + _PIPELINED))
            await _until_held(connections, min(number, 2) * len(_PIPELINED))
        ended = await _ends(flood, closed=4)
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
        await eventually(lambda: connections.opened)
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
    async with serve(linger_pause_s=PATIENCE_S) as (port, _):
        reader, writer = await _opened(port, request("POST /", "Transfer-Encoding: chunked"), b"1;")
        with contextlib.suppress(ConnectionError):
            for _ in range(20_000):
                writer.write(b"a")
                await writer.drain()
        raw = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()

    assert raw.startswith(b"HTTP/1.1 400 ")


async def test_expect_100_continue_without_a_body_gets_408(serve):
    async with serve(body_pause_s=0.3) as (port, _):
        raw, after_s = await talk_until_closed(port, request("POST /", "Expect: 100-continue", "Content-Length: 9"))

    assert raw.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 408 " in raw
    assert after_s > 0.2


def test_http_1_0_keep_alive_is_ignored(port):
    head = b"GET / HTTP/1.0\r\nHost: guestbook.example\r\nConnection: keep-alive\r\n\r\n"

    received = talk(port, head * 2, closes=True)

    assert (received.statuses, received.closed) == ([200], True)
