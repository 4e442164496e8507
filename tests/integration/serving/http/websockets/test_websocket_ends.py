"""A websocket closes in time, with the right close code, whatever its client does."""

import asyncio
import socket

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S
from tests.integration.serving.http.servers import request, talk
from tests.integration.serving.http.websockets.raw_websockets import CLOSE, HANDSHAKE, frame
from tests.integration.serving.one_hop.exchange import eventually

pytestmark = pytest.mark.profile_free

_MIB = 2**20


async def _until_all_closed(connections):
    async with asyncio.timeout(PATIENCE_S):
        while len(connections.opened):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("size", [_MIB + 1, 40 * _MIB])
def test_a_client_still_sending_gets_close_code_1009(port, size):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        client.sendall(request("GET /socket", *HANDSHAKE))
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        client.sendall(frame(bytes(size)))
        received = b"".join(iter(lambda: client.recv(65536), b""))

    assert received[0] == 0x88
    assert int.from_bytes(received[2:4], "big") == 1009


@pytest.mark.parametrize(
    "behind", [b"\x81\x82\0\0\0\0hi" * 50_000, request("GET /smuggled"), b"\x89\x80\0\0\0\0" * 50_000]
)
def test_nothing_is_read_after_a_close_frame(server, behind):
    before = server.peak_mb()

    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(request("GET /socket", *HANDSHAKE))
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        try:
            client.sendall(CLOSE + behind)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        except ConnectionError:
            received = b"\x88\x02\x03\xe8"

    assert received == b"\x88\x02\x03\xe8"
    assert server.peak_mb() - before < 20


def test_invalid_text_before_a_close_frame_logs_no_traceback(server):
    before = server.log.read_text()
    received = talk(server.port, request("GET /socket", *HANDSHAKE), b"\x81\x81\0\0\0\0\xff" + CLOSE, closes=True)

    assert received.closed
    assert "Traceback" not in server.log.read_text().removeprefix(before)


@pytest.mark.parametrize(
    ("statuses", "line", "header"),
    [
        ({400, 431}, "GET /socket", "X-A:" + "a" * 8_186),
        ({400}, "GET /socket\xff", "X-A: b"),
        ({400}, "GET /socket", "Sec-WebSocket-Key: short"),
        ({400}, "GET /socket", "Sec-WebSocket-Version: 8"),
    ],
    ids=["a large header", "a non-ASCII path", "two keys", "two versions"],
)
def test_an_invalid_handshake_is_rejected(server, statuses, line, header):
    before = server.log.read_text()
    received = talk(server.port, request(line, *HANDSHAKE, header), closes=True)

    assert received.heads == 1
    assert int(received.raw[9:12]) in statuses
    assert received.closed
    assert "Traceback" not in server.log.read_text().removeprefix(before)


def test_a_flood_of_frames_before_the_response_is_rejected(port):
    received = talk(port, request("GET /slow", *HANDSHAKE) + b"\x82\x80\0\0\0\0" * 5_000)

    assert (received.statuses, received.closed) == ([400], True)


async def test_a_client_that_reads_nothing_is_disconnected(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.websocket_outlet._WRITE_PAUSE_S", 0.2)

    async def application(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(3):
            await send({"type": "websocket.send", "bytes": bytes(8 * _MIB)})

    async with serve(app=application, ping_s=0.3) as (port, connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(request("GET /", *HANDSHAKE))
        assert await asyncio.wait_for(reader.readexactly(4), PATIENCE_S) == b"HTTP"
        await _until_all_closed(connections)
        writer.close()


async def test_a_silent_client_is_disconnected(serve):
    async with serve(ping_s=0.2) as (port, connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("GET /socket", *HANDSHAKE))
        assert await asyncio.wait_for(reader.readexactly(12), PATIENCE_S) == b"HTTP/1.1 101"
        await _until_all_closed(connections)
        writer.close()


async def test_shutdown_ignores_a_closed_client_that_reads_nothing(serve):
    accepted = asyncio.Event()

    async def application(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        accepted.set()
        await send({"type": "websocket.send", "bytes": bytes(8 * _MIB)})
        await asyncio.sleep(3600)

    async with serve(app=application) as (port, connections):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(request("GET /", *HANDSHAKE))
        await accepted.wait()
        writer.write(CLOSE)
        [websocket] = connections.opened
        await eventually(lambda: websocket.conn.close_rcvd)
        websocket.shutdown()
        writer.close()
