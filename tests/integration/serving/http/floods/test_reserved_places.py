"""Long-lived streams and websockets leave places for short requests."""

import asyncio
import contextlib
import json
from contextlib import AsyncExitStack

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, talk_until_closed
from tests.integration.serving.http.servers import OURS, mirror_server, request
from tests.integration.serving.one_hop.exchange import eventually

pytestmark = pytest.mark.profile_free

_CLOSING = request("GET /page", "Connection: close")
_HANDSHAKE = request(
    "GET /socket",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
)


async def opened(port, connections, clients, head, count):
    """Open `count` connections that send `head`; return their readers once the server has read the heads."""
    already = len(connections.opened)
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in pairs:
        clients.callback(writer.close)
        writer.write(head)
    waiting = 0 if head else count
    await eventually(lambda: (len(connections.opened), len(connections.fresh)) == (already + count, waiting))
    return [reader for reader, _ in pairs]


async def page(port):
    """Return a page's response.

    A server that is full closes a connection whose client has sent nothing for 0.15 s. On a busy machine that happens
    to this client too, so it asks again, as browsers do.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(ConnectionError):
                raw, _ = await talk_until_closed(port, _CLOSING)
                if raw:
                    return raw


async def test_streams_leave_places_for_short_requests(serve):
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        readers = await opened(port, connections, clients, request("GET /events"), 16)
        await eventually(lambda: (len(connections.opened), len(connections.reserved)) == (16, 8))
        answers = [await talk_until_closed(port, _CLOSING) for _ in range(3)]
        unreserved = [await reader.readuntil(b"beat") for reader in readers[:8]]

    assert [raw[:13] for raw, _ in answers] == [b"HTTP/1.1 200 "] * 3
    assert len(unreserved) == 8


async def test_a_stream_in_a_reserved_place_ends_to_admit_another_client(serve):
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        readers = await opened(port, connections, clients, request("GET /events"), 16)
        await eventually(lambda: len(connections.reserved) == 8)
        await talk_until_closed(port, _CLOSING)
        raw = await asyncio.wait_for(readers[8].read(), PATIENCE_S)

    assert raw.startswith(b"HTTP/1.1 200 ")
    assert not raw.endswith(b"0\r\n\r\n")


async def test_a_response_in_a_reserved_place_closes_its_connection(serve):
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        await opened(port, connections, clients, request("GET /events"), 8)
        raw, _ = await talk_until_closed(port, request("GET /page") * 3)

    assert raw.count(b"HTTP/1.1 200 ") == 1
    assert b"connection: close" in raw


async def test_a_slow_view_in_a_reserved_place_gets_503(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._SHORT_REQUEST_S", 0.3)
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        readers = await opened(port, connections, clients, request("GET /endless"), 16)
        await eventually(lambda: len(connections.reserved) == 8)
        served, _ = await talk_until_closed(port, _CLOSING)
        raw = await asyncio.wait_for(readers[8].read(), PATIENCE_S)

    assert served.startswith(b"HTTP/1.1 200 ")
    assert raw.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in raw


async def test_a_slow_body_in_a_reserved_place_ends_to_admit_another_client(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._SHORT_REQUEST_S", 60)
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        await opened(port, connections, clients, request("GET /events"), 8)
        readers = await opened(port, connections, clients, request("POST /", "Content-Length: 1000000") + b"x", 8)
        await eventually(lambda: (len(connections.bodies), len(connections.reserved)) == (8, 8))
        served, _ = await talk_until_closed(port, _CLOSING)
        raw = await asyncio.wait_for(readers[0].read(), PATIENCE_S)

    assert served.startswith(b"HTTP/1.1 200 ")
    assert raw.startswith(b"HTTP/1.1 503 ")


async def test_silent_connections_make_room_before_a_body_in_a_reserved_place(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._SHORT_BODY_S", 0)
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        await opened(port, connections, clients, request("GET /events"), 8)
        await opened(port, connections, clients, request("POST /", "Content-Length: 1000000") + b"x", 7)
        await eventually(lambda: (len(connections.bodies), len(connections.reserved)) == (7, 7))
        [silent] = await opened(port, connections, clients, b"", 1)
        # A connection younger than 0.15 s may still be about to send its request.
        await asyncio.sleep(0.2)
        served, _ = await talk_until_closed(port, _CLOSING)
        ended = await asyncio.wait_for(silent.read(), PATIENCE_S)

        assert len(connections.bodies) == 7

    assert served.startswith(b"HTTP/1.1 200 ")
    assert ended == b""


async def test_a_websocket_gets_no_reserved_place(serve):
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        readers = await opened(port, connections, clients, _HANDSHAKE, 9)
        raw = await asyncio.wait_for(readers[8].read(), PATIENCE_S)
        accepted = await readers[0].readuntil(b"\r\n")

    assert accepted.startswith(b"HTTP/1.1 101 ")
    assert raw.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in raw


async def test_idle_connections_of_short_requests_reserve_no_place(serve):
    async with serve(connections=16) as (port, connections), AsyncExitStack() as clients:
        for _ in range(15):
            # Send the requests one after the other: some requests of a burst would be answered in reserved places.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            clients.callback(writer.close)
            writer.write(request("GET /page"))
            await reader.readuntil(b"\r\n\r\n")
        await eventually(lambda: len(connections.kept) == 15)
        [reader] = await opened(port, connections, clients, request("GET /events"), 1)
        await reader.readuntil(b"beat")

        assert len(connections.kept) == 15
        assert not connections.reserved


@pytest.mark.parametrize("heads", [[request("GET /events")], [request("GET /events"), _HANDSHAKE]])
async def test_pages_are_served_during_400_long_streams(tmp_path, heads):
    async def keep(head):
        while True:
            with contextlib.suppress(ConnectionError):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                try:
                    writer.write(head)
                    while await reader.read(4096):
                        pass
                finally:
                    writer.close()
            await asyncio.sleep(0.01)

    with mirror_server(tmp_path, worker=OURS, descriptors=256) as server:
        keeping = [asyncio.create_task(keep(heads[number % len(heads)])) for number in range(400)]
        await asyncio.sleep(2)
        answers = []
        # A server without a place for short requests would not answer within the client's patience.
        for _ in range(12):
            answers.append(await page(server.port))
            await asyncio.sleep(0.5)
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)

    assert [json.loads(raw.partition(b"\r\n\r\n")[2])["path"] for raw in answers] == ["/page"] * 12
