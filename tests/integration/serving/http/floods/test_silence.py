"""Silent and slow clients are disconnected, and do not keep other clients out."""

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack, ExitStack
from socket import create_connection

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, closes, talk_until_closed
from tests.integration.serving.http.mirror import application
from tests.integration.serving.http.servers import health_status, mirror_server, request

pytestmark = pytest.mark.profile_free

_POST = request("POST /", "Content-Length: 1000")


async def test_a_client_that_sends_no_request_is_disconnected(serve):
    async with serve(head_s=0.3) as (port, _):
        raw, after_s = await talk_until_closed(port)

    assert raw == b""
    assert after_s > 0.2


@pytest.mark.parametrize(
    "pieces", [(b"GET / HT",), (b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 50)], ids=["half", "drips"]
)
async def test_a_head_that_does_not_end_gets_408(serve, pieces):
    async with serve(head_s=0.3, linger_pause_s=0.1) as (port, _):
        raw, after_s = await talk_until_closed(port, *pieces, pause_s=0.01)

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.2


async def test_an_idle_connection_is_closed_after_its_timeout(serve):
    async with serve(head_s=0.1, idle_s=0.6) as (port, _):
        raw, after_s = await talk_until_closed(port, request("GET /"))

    assert raw.count(b"HTTP/1.1 200 OK") == 1
    assert after_s > 0.5


async def test_a_body_that_stalls_gets_408(serve):
    async with serve(body_pause_s=0.3) as (port, _):
        raw, after_s = await talk_until_closed(port, _POST + b"half")

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.2


async def test_a_body_that_drips_gets_408(serve):
    async with serve(body_pause_s=0.3, body_grace_s=0.5, body_bytes_per_s=1000) as (port, _):
        raw, after_s = await talk_until_closed(port, _POST, *[b"x"] * 60, pause_s=0.02)

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.4


async def test_a_slow_but_steady_body_is_served(serve):
    async with serve(body_pause_s=5, body_grace_s=0.2, body_bytes_per_s=50) as (port, _):
        raw, _ = await talk_until_closed(port, _POST, *[b"x" * 20] * 49, b"x" * 20, request("GET /fail"), pause_s=0.02)

    assert raw.startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_reads_no_response_is_disconnected(serve):
    async with serve(idle_s=0.2, write_pause_s=0.2) as (port, connections):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(request("POST /", "Content-Length: 9000", body=b"\xff" * 9000) * 500)
        deadline = time.monotonic() + 60
        while len(connections.opened):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        writer.close()


async def test_a_client_still_sending_after_its_response_is_disconnected(serve):
    async with serve(linger_pause_s=0.2, linger_s=0.5) as (port, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("POST /", "Content-Length: 999999999"))

        async def send() -> None:
            while True:
                writer.write(b"x" * 1000)
                await writer.drain()
                await asyncio.sleep(0.02)

        started = time.monotonic()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send(), PATIENCE_S)
        writer.close()

    assert time.monotonic() - started > 0.4


async def test_the_number_of_stalled_bodies_is_limited(serve):
    async with serve(bodies=3) as (port, connections), AsyncExitStack() as clients:
        for _ in range(3):
            writer = (await asyncio.open_connection("127.0.0.1", port))[1]
            clients.callback(writer.close)
            writer.write(_POST)
        async with asyncio.timeout(PATIENCE_S):
            while len(connections.bodies) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        refused, _ = await talk_until_closed(port, _POST)
        served, _ = await talk_until_closed(
            port, request("POST /", "Content-Length: 3", "Connection: close", body=b"abc")
        )

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in refused
    assert served.startswith(b"HTTP/1.1 200 ")


async def test_a_stalled_body_is_closed_to_make_room(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._STALLED_S", 0.1)
    async with serve(bodies=1, linger_pause_s=0.1) as (port, _):
        stalled = asyncio.create_task(talk_until_closed(port, _POST))
        await asyncio.sleep(0.3)
        served, _ = await talk_until_closed(
            port, request("POST /", "Content-Length: 3", "Connection: close"), b"ab", b"c", pause_s=0.05
        )

        assert served.startswith(b"HTTP/1.1 200 ")
        assert (await stalled)[0].startswith(b"HTTP/1.1 408 ")


async def test_the_slowest_body_is_closed_to_make_room(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._STALLED_S", 0.1)
    async with serve(bodies=2, linger_pause_s=0.1) as (port, connections):
        drips = asyncio.create_task(talk_until_closed(port, _POST, *[b"x"] * 100, pause_s=0.02))
        head = request("POST /", "Content-Length: 1000", "Connection: close")
        faster = asyncio.create_task(talk_until_closed(port, head, *[b"x" * 10] * 100, pause_s=0.02))
        while len(connections.bodies) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        served, _ = await talk_until_closed(
            port, request("POST /", "Content-Length: 3", "Connection: close"), b"ab", b"c", pause_s=0.05
        )
        assert served.startswith(b"HTTP/1.1 200 ")
        assert (await drips)[0].startswith(b"HTTP/1.1 408 ")
        assert (await faster)[0].startswith(b"HTTP/1.1 200 ")


async def test_the_longest_silent_clients_are_closed_to_make_room(serve):
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(scope, receive, send):
        is_asked.set()
        await may_answer.wait()
        await application(scope, receive, send)

    async with serve(connections=4, app=answer) as (port, _), AsyncExitStack() as clients:
        served = asyncio.create_task(talk_until_closed(port, request("GET /", "Connection: close")))
        await is_asked.wait()
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        for _, writer in silent:
            clients.callback(writer.close)
        # The oldest clients must be disconnected, however long that takes on a busy machine.
        ended = [await closes(reader, within_s=PATIENCE_S) for reader, _ in silent[:3]]
        ended += [await closes(reader) for reader, _ in silent[3:]]
        may_answer.set()

        assert ended == [True, True, True, False, False, False]
        assert (await served)[0].startswith(b"HTTP/1.1 200 ")


async def test_clients_that_read_no_response_are_closed_to_make_room(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._STALLED_S", 0.2)
    # Their own time-out would not end before the test does.
    async with serve(connections=4, write_pause_s=3600) as (port, _), AsyncExitStack() as clients:
        for _ in range(4):
            writer = (await asyncio.open_connection("127.0.0.1", port, limit=1))[1]
            clients.callback(writer.close)
            writer.write(request("POST /", "Content-Length: 9000", body=b"\xff" * 9000) * 500)
        await asyncio.sleep(0.1)
        served, _ = await talk_until_closed(port, request("GET /", "Connection: close"))

    assert served.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", request("GET /"), _POST, request("GET /piece") * 9],
    ids=["silent", "half", "kept", "body", "many"],
)
def test_health_is_answered_despite_900_silent_connections(tmp_path, sent):
    with mirror_server(tmp_path, descriptors=256) as server, ExitStack() as clients:
        for _ in range(900):
            client = clients.enter_context(create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
            with contextlib.suppress(ConnectionError):
                client.sendall(sent)
        # A server without room would not answer at all.
        for _ in range(6):
            assert health_status(server.port) == 200
        log = server.log.read_text()

    assert "cannot accept a connection" not in log
