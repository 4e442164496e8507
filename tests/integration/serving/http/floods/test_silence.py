"""Silent and slow clients are disconnected, and do not keep other clients out."""

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from socket import create_connection

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, closes, talk_until_closed
from tests.integration.serving.http.mirror import application
from tests.integration.serving.http.servers import OURS, health_status, mirror_server, request
from tests.integration.serving.one_hop.exchange import eventually

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
    async with serve(head_s=0.3) as (port, _):
        raw, after_s = await talk_until_closed(port, *pieces, pause_s=0.01)

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.2


async def test_an_idle_connection_is_closed_after_its_timeout(serve):
    async with serve(idle_s=0.6) as (port, connections):
        started = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("GET /"))
        head = await reader.readuntil(b"\r\n\r\n")
        # The time for a head begins with the next head.
        connections.limits = replace(connections.limits, head_s=0.1)
        rest = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1" not in rest
    assert time.monotonic() - started > 0.5


async def test_a_body_that_stalls_gets_408(serve):
    async with serve(body_pause_s=0.3) as (port, _):
        raw, after_s = await talk_until_closed(port, _POST + b"half")

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.2


async def test_a_body_that_drips_gets_408(serve):
    async with serve(body_pause_s=PATIENCE_S, body_grace_s=0.5, body_bytes_per_s=1000) as (port, _):
        raw, after_s = await talk_until_closed(port, _POST, *[b"x"] * 60, pause_s=0.02)

    assert raw.startswith(b"HTTP/1.1 408 ")
    assert after_s > 0.4


async def test_a_slow_but_steady_body_is_served(serve):
    now_s = 0.0
    limits = {"body_pause_s": 5, "body_grace_s": 0.2, "body_bytes_per_s": 50}
    # The test moves the server's clock, since a machine that stands still would make the body late.
    async with serve(clock=lambda: now_s, **limits) as (port, connections), AsyncExitStack() as clients:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        clients.callback(writer.close)
        writer.write(_POST)
        await eventually(lambda: connections.bodies)

        def is_read() -> bool:
            return list(connections.bodies.values()) == [now_s]

        for _ in range(49):
            # Without the pieces before it, each piece would be too late.
            now_s += 0.19
            writer.write(b"x" * 10)
            await eventually(is_read)
            connections.sweep()
        writer.write(b"x" * 510)
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)

    assert raw.startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_reads_no_response_is_disconnected(serve):
    is_asked = asyncio.Event()

    async def answer(scope, receive, send):
        is_asked.set()
        await application(scope, receive, send)

    async with serve(app=answer, idle_s=0.2, write_pause_s=0.2) as (port, connections):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(request("POST /", "Content-Length: 9000", body=b"\xff" * 9000) * 500)
        await is_asked.wait()
        deadline = time.monotonic() + 60
        while len(connections.opened):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        writer.close()


async def test_a_client_still_sending_after_its_response_is_disconnected(serve):
    async with serve(linger_pause_s=PATIENCE_S, linger_s=0.5) as (port, _):
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


async def test_the_number_of_stalled_bodies_is_limited(serve, monkeypatch):
    # No body is so old, or has paused so long, that it makes room.
    for name in ("_STALLED_S", "_PAUSED_S"):
        monkeypatch.setattr(f"django_runtimes.serving.http.worker_connections.{name}", 3600)
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
    async with serve(bodies=1) as (port, connections):
        stalled = asyncio.create_task(talk_until_closed(port, _POST))
        await eventually(lambda: connections.bodies)
        await asyncio.sleep(0.3)
        served, _ = await talk_until_closed(
            port, request("POST /", "Content-Length: 3", "Connection: close"), b"ab", b"c", pause_s=0.05
        )

        assert served.startswith(b"HTTP/1.1 200 ")
        assert (await stalled)[0].startswith(b"HTTP/1.1 408 ")


async def test_the_slowest_body_is_closed_to_make_room(serve, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.http.worker_connections._STALLED_S", 0.1)
    async with serve(bodies=2) as (port, connections), AsyncExitStack() as clients:

        def arriving() -> list[bool]:
            return [body.body_bytes_per_s(connections.clock()) > 0 for body in connections.bodies]

        async def send(count: int, size: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            clients.callback(writer.close)
            writer.write(request("POST /", "Content-Length: 1000", "Connection: close"))
            await eventually(lambda: len(arriving()) == count)
            writer.write(b"x" * size)
            await eventually(lambda: arriving() == [True] * count)
            return reader, writer

        slow, _ = await send(1, 1)
        faster, sending = await send(2, 500)
        await asyncio.sleep(0.3)
        served, _ = await talk_until_closed(
            port, request("POST /", "Content-Length: 3", "Connection: close"), b"ab", b"c", pause_s=0.05
        )
        sending.write(b"x" * 500)
        assert served.startswith(b"HTTP/1.1 200 ")
        assert (await asyncio.wait_for(slow.read(), PATIENCE_S)).startswith(b"HTTP/1.1 408 ")
        assert (await asyncio.wait_for(faster.read(), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")


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
    with mirror_server(tmp_path, worker=OURS, descriptors=256) as server, ExitStack() as clients:
        for _ in range(900):
            client = clients.enter_context(create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
            with contextlib.suppress(ConnectionError):
                client.sendall(sent)
        # A server without room would not answer at all.
        for _ in range(6):
            assert health_status(server.port) == 200
        log = server.log.read_text()

    assert "cannot accept a connection" not in log
