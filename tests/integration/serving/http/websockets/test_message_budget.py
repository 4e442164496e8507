"""All websockets of a worker share one memory budget for messages that the applications have not received yet."""

import asyncio
import contextlib
import sys
import zlib

import pytest

from tests.integration.serving.http.servers import mirror_server, request, talk
from tests.integration.serving.http.websockets.raw_websockets import CLOSE, PATIENCE_S, RawWebSocket, frame, opened
from tests.integration.serving.one_hop.exchange import eventually

pytestmark = pytest.mark.profile_free

_MIB = 2**20
_BUDGET = 8 * _MIB
_SOCKETS = 60
# The budget of 8 MiB, the allocator's overhead and one message being decoded; the largest growth measured was 20.6.
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
    "wide letters": frame("\N{GRINNING FACE}".encode() + b"a" * (_MIB - 100), first=0x81),
    "one letter": b"\x81\x81\0\0\0\0x" * 100_000,
}


@pytest.fixture
def server(tmp_path):
    """Start a separate server and wait for its worker."""
    # The server's applications never end, so a graceful shutdown takes the whole timeout.
    with mirror_server(tmp_path, "--graceful-timeout", "1") as running:
        assert talk(running.port, request("GET /")).statuses == [200]
        yield running


async def _is_served(port):
    client = await RawWebSocket.open(port, "/socket")
    answer = await client.echo(b"hello")
    await client.leave()
    return answer == b"hello"


async def _close_codes(clients, *, at_least):
    """Wait until `at_least` clients have closed; return each one's close code, or None if it is still open."""
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
async def test_unreceived_messages_use_little_memory(server, kind):
    assert await _is_served(server.port)
    async with opened(server.port, "/deaf", _SOCKETS, _DEFLATE) as clients:
        before = server.peak_mb()
        for client in clients:
            client.send(_SENT[kind])
        # One-letter messages fit into the kernel's buffers, so the server may close no client.
        codes = await _close_codes(clients, at_least=0 if kind == "one letter" else _SOCKETS // 2 + 1)
        grown = server.peak_mb() - before
        assert await _is_served(server.port)

    assert grown < _LARGEST_MB
    assert set(codes) <= {1013, None}
    assert (codes.count(1013) > _SOCKETS // 2) == (kind != "one letter")


@pytest.mark.parametrize("held_bytes", [_MIB - 1_000, _MIB // 2, _MIB // 8])
async def test_small_messages_survive_a_flood_of_large_messages(server, held_bytes):
    part, flood = frame(_bomb(held_bytes), first=0x42), 2 * _BUDGET // held_bytes
    async with (
        opened(server.port, "/deaf", flood, _DEFLATE) as attackers,
        # The applications of /busy receive messages only after a second.
        opened(server.port, "/busy", 10) as users,
    ):
        for user in users:
            user.send(b"\x81\x85\0\0\0\0hello")
        await asyncio.sleep(0.05)
        for attacker in attackers:
            attacker.send(part)
        closed = await _close_codes(attackers, at_least=flood // 2)
        answers = [await asyncio.wait_for(user.reader.readexactly(7), PATIENCE_S) for user in users]

    assert answers == [b"\x81\x05hello"] * 10
    assert flood // 2 <= closed.count(1013) < flood


@pytest.mark.parametrize(
    "letter",
    ["\N{LATIN SMALL LETTER E WITH ACUTE}", "\N{EURO SIGN}", "\N{GRINNING FACE}"],
    ids=["1 byte", "2 bytes", "4 bytes"],
)
async def test_text_counts_with_its_size_in_memory(serve, letter, monkeypatch):
    text = letter * 100_000
    raw, noted = text.encode(), []
    async with serve() as (port, connections), opened(port, "/socket", 1) as (client,):
        note = connections.messages.note

        def noting(holder, held_bytes, **kwargs):
            noted.append(held_bytes)
            note(holder, held_bytes, **kwargs)

        monkeypatch.setattr(connections.messages, "note", noting)
        client.send(frame(raw, first=0x81))
        answer = await asyncio.wait_for(client.reader.readexactly(10 + len(raw)), PATIENCE_S)

    assert answer[10:] == raw
    # While the text is decoded, the message and the text are in memory.
    assert 0 <= len(raw) + sys.getsizeof(text) - max(noted) < 200


async def test_messages_of_disconnected_clients_count_until_received(server):
    assert await _is_served(server.port)
    before = server.peak_mb()
    for _ in range(_SOCKETS):
        client = await RawWebSocket.open(server.port, "/deaf")
        client.send(frame(bytes(_MIB)) + CLOSE)
        await client.leave()
    assert await _is_served(server.port)

    assert server.peak_mb() - before < _LARGEST_MB


async def test_the_least_recently_read_of_equal_websockets_is_closed(serve):
    part = frame(bytes(_MIB * 9 // 10), announced=_MIB)
    async with serve() as (port, connections), opened(port, "/socket", 10) as clients:
        for number, client in enumerate(clients[:8], 1):
            client.send(part)
            # The server has read the parts in this order.
            held_bytes = number * (_MIB * 9 // 10)
            await eventually(lambda held_bytes=held_bytes: connections.messages.held_bytes >= held_bytes)
        # The application receives these messages, so they do not count against the budget.
        assert [await clients[8].echo(b"x" * 100) for _ in range(9)] == [b"x" * 100] * 9
        clients[9].send(part)

        assert await clients[0].close_code() == 1013
        assert await clients[1].close_code(0.5) is None
        assert await clients[8].echo(b"hello") == b"hello"
