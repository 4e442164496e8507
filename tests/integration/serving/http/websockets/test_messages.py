"""Messages that a websocket's application has not received yet use little memory."""

import asyncio
import zlib

import pytest
import websockets

from tests.integration.serving.http.servers import mirror_server, request, talk

pytestmark = pytest.mark.profile_free

_MIB = 2**20


def _bomb(size):
    """Return a binary frame of `size` compressed zeros."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
    content = (deflate.compress(bytes(size)) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return b"\xc2\xfe" + len(content).to_bytes(2, "big") + bytes(4) + content


@pytest.fixture
def busy(tmp_path):
    """Start a separate server whose application waits before it receives messages."""
    with mirror_server(tmp_path) as running:
        # The master listens before its worker has started.
        assert talk(running.port, request("GET /")).statuses == [200]
        yield running


def _connect(server, path="/busy", **options):
    return websockets.connect(
        f"ws://127.0.0.1:{server.port}{path}", max_size=None, open_timeout=60, close_timeout=60, **options
    )


async def test_queued_messages_use_little_memory(busy):
    async with _connect(busy, "/socket") as client:
        await client.send("hello")
        await client.recv()
    before = busy.peak_mb()
    clients = [await _connect(busy) for _ in range(4)]

    for client in clients:
        client.transport.write(_bomb(_MIB) * 40)
    answers = [await asyncio.wait_for(client.recv(), 60) for client in clients for _ in range(40)]

    assert answers == [str(_MIB)] * 160
    assert busy.peak_mb() - before < 30
    for client in clients:
        await client.close()


async def test_the_size_limit_applies_to_the_inflated_message(busy):
    async with _connect(busy, "/socket") as client:
        client.transport.write(_bomb(_MIB + 1))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), 60)

    assert closed.value.rcvd.code == 1009


async def test_fragments_use_no_more_memory_than_one_message(busy):
    before = busy.peak_mb()
    async with _connect(busy, "/socket", compression=None) as client:
        # Fragments of two bytes, and many empty ones.
        fragment, empty = b"\x00\x82\0\0\0\0hi", b"\x00\x80\0\0\0\0"
        for _ in range(40):
            client.transport.write(b"\x02\x80\0\0\0\0" + fragment * 5000 + empty * 5000 + b"\x80\x80\0\0\0\0")
            assert await asyncio.wait_for(client.recv(), 60) == "10000"

    assert busy.peak_mb() - before < 20


async def test_pings_are_dropped_while_the_client_reads_no_pongs(busy):
    before = busy.peak_mb()
    async with _connect(busy, "/socket", compression=None) as client:
        client.transport.pause_reading()
        ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
        for _ in range(300):
            client.transport.write(ping * 1000)
            await asyncio.sleep(0)
        client.transport.resume_reading()
        await client.send("hello")
        assert await asyncio.wait_for(client.recv(), 60) == "hello"

    assert busy.peak_mb() - before < 20
