"""What the clients of all websockets together send takes little memory until the applications have taken it."""

import asyncio
import contextlib
import zlib

import pytest

from tests.integration.serving.http.raw_websockets import CLOSE, PATIENCE_S, RawWebSocket, frame, opened
from tests.integration.serving.http.servers import mirror_server, request, talk

pytestmark = pytest.mark.profile_free

_MIB = 2**20
_SOCKETS = 60
# The 8 MiB that are counted, and what the allocator and a message that is being decoded take beside them; 20.6 was the
# most that was seen.
_LARGEST_MB = 24
_DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


def _bomb(size):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
    return (deflate.compress(bytes(size)) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


_SENT = {
    "unfinished": frame(bytes(_MIB - 1), announced=_MIB),
    "whole": frame(bytes(_MIB)),
    "fragments": frame(bytes(_MIB - 9), first=0x02),
    "bombs": frame(_bomb(_MIB), first=0xC2) * 20,
    "of wide letters": frame("\N{GRINNING FACE}".encode() + b"a" * (_MIB - 100), first=0x81),
    "of one letter": b"\x81\x81\0\0\0\0x" * 100_000,
}


@pytest.fixture
def server(tmp_path):
    """A server of its own, whose worker is there."""
    # Its applications would not end by themselves.
    with mirror_server(tmp_path, "--graceful-timeout", "1") as running:
        assert talk(running.port, request("GET /")).statuses == [200]
        yield running


async def _is_served(port):
    client = await RawWebSocket.open(port, "/socket")
    answer = await client.echo(b"hello")
    await client.leave()
    return answer == b"hello"


async def _close_codes(clients, *, at_least):
    """Each one's code, None for those that stay open; a busy machine may take longer over the ones that must close."""
    closing = [asyncio.create_task(client.close_code()) for client in clients]
    await asyncio.sleep(1.5)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while sum(each.done() for each in closing) < at_least:  # noqa: ASYNC110 - the server closes them
                await asyncio.sleep(0.05)
    for each in closing:
        each.cancel()
    await asyncio.wait(closing)
    return [None if each.cancelled() else each.result() for each in closing]


@pytest.mark.parametrize("kind", _SENT)
async def test_messages_that_no_application_takes_fill_no_memory(server, kind):
    assert await _is_served(server.port)
    async with opened(server.port, "/deaf", _SOCKETS, _DEFLATE) as clients:
        before = server.peak_mb()
        for client in clients:
            client.send(_SENT[kind])
        # Those of one letter wait in the kernel.
        codes = await _close_codes(clients, at_least=0 if kind == "of one letter" else _SOCKETS // 2 + 1)
        grown = server.peak_mb() - before
        assert await _is_served(server.port)

    assert grown < _LARGEST_MB
    assert set(codes) <= {1013, None}
    assert (codes.count(1013) > _SOCKETS // 2) == (kind != "of one letter")


async def test_messages_of_clients_that_have_left_count_until_they_are_taken(server):
    assert await _is_served(server.port)
    before = server.peak_mb()
    for _ in range(_SOCKETS):
        client = await RawWebSocket.open(server.port, "/deaf")
        client.send(frame(bytes(_MIB)) + CLOSE)
        await client.leave()
    assert await _is_served(server.port)

    assert server.peak_mb() - before < _LARGEST_MB


async def test_the_one_that_was_read_longest_ago_is_closed(serve):
    part = frame(bytes(_MIB * 9 // 10), announced=_MIB)
    async with serve() as (port, _), opened(port, "/socket", 10) as clients:
        for client in clients[:8]:
            client.send(part)
        await asyncio.sleep(0.5)
        # The application takes what this one sends, however often.
        assert [await clients[8].echo(b"x" * 100) for _ in range(9)] == [b"x" * 100] * 9
        clients[9].send(part)

        assert await clients[0].close_code() == 1013
        assert await clients[1].close_code(0.5) is None
        assert await clients[8].echo(b"hello") == b"hello"
