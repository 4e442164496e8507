"""Clients that are silent during the TLS handshake are disconnected, and do not keep other clients out."""

import asyncio
import logging
import ssl
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import trustme

from tests.integration.serving.http.in_process import PATIENCE_S, closes, serving, talk_until_closed
from tests.integration.serving.http.mirror import application
from tests.integration.serving.http.servers import request

pytestmark = pytest.mark.profile_free

# The start of a TLS record that is never completed.
_HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_side(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_side(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def answer(port, context, target="/"):
    reader, writer = await asyncio.open_connection("localhost", port, family=2, ssl=context)
    writer.write(request(f"GET {target}", "Connection: close"))
    raw = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return raw


@pytest.mark.parametrize("sweeps", [True, False])
@pytest.mark.parametrize("sent", [b"", _HALF_HELLO], ids=["silent", "half"])
def test_a_handshake_times_out_like_the_first_requests_head(run, server_side, client_side, sent, sweeps):
    async def scenario():
        async with serving(ssl=server_side, sweeps=sweeps, head_s=0.3) as (port, connections):
            raw, after_s = await talk_until_closed(port, sent)
            opening = connections.opening
            # The next client may take its time.
            connections.limits = replace(connections.limits, head_s=PATIENCE_S)
            return raw, after_s, opening, await answer(port, client_side)

    raw, after_s, opening, answered = run(scenario())
    assert raw == b""
    assert after_s > 0.2
    assert opening == 0
    assert answered.startswith(b"HTTP/1.1 200 ")


def test_the_longest_pending_handshakes_are_closed_to_make_room(run, server_side, client_side, caplog):
    async def scenario():
        async with serving(ssl=server_side, connections=4) as (port, _), AsyncExitStack() as clients:
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
            for _, writer in silent:
                clients.callback(writer.close)
            answered = await answer(port, client_side)
            # The oldest clients must be disconnected, however long that takes on a busy machine.
            ended = [await closes(reader, within_s=PATIENCE_S) for reader, _ in silent[:3]]
            return answered, ended + [await closes(reader) for reader, _ in silent[3:]]

    with caplog.at_level(logging.WARNING, "uvicorn.error"):
        answered, ended = run(scenario())

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert ended == [True, True, True, False, False, False]
    assert "those silent for the longest time are closed" in caplog.text
    assert "midst of a request" not in caplog.text


def test_handshakes_do_not_displace_requests(run, server_side, client_side):
    async def scenario():
        is_asked, may_answer = asyncio.Event(), asyncio.Event()

        async def late(scope, receive, send):
            is_asked.set()
            await may_answer.wait()
            await application(scope, receive, send)

        async with serving(ssl=server_side, connections=3, app=late) as (port, _), AsyncExitStack() as clients:
            served = asyncio.create_task(answer(port, client_side))
            await is_asked.wait()
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
            for _, writer in silent:
                clients.callback(writer.close)
            # Handshakes have made room for other handshakes.
            ended = [await closes(reader, within_s=PATIENCE_S) for reader, _ in silent[:18]]
            may_answer.set()
            return ended, await served

    ended, served = run(scenario())
    assert ended == [True] * 18
    assert served.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_never_shuts_down_tls_is_disconnected(run, server_side, client_side):
    async def scenario():
        async with serving(ssl=server_side, linger_pause_s=0.3) as (port, connections):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client_side.wrap_bio(incoming, outgoing, server_hostname="localhost")
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def do(step):
                while True:
                    try:
                        return step()
                    except ssl.SSLWantReadError:
                        writer.write(outgoing.read())
                        incoming.write(await reader.read(65536))

            await do(tls.do_handshake)
            tls.write(request("GET /", "Connection: close"))
            raw = await do(lambda: tls.read(65536))
            started = time.monotonic()
            while connections.opened:
                assert time.monotonic() - started < PATIENCE_S
                await asyncio.sleep(0.02)
            writer.close()
            return raw

    assert run(scenario()).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_closes_tls_is_removed_and_not_logged(run, server_side, client_side, caplog):
    async def scenario():
        async with serving(ssl=server_side) as (port, connections):
            _, writer = await asyncio.open_connection("localhost", port, family=2, ssl=client_side)
            writer.write(request("GET /late"))
            await asyncio.sleep(0.1)
            writer.close()
            async with asyncio.timeout(PATIENCE_S):
                while connections.opened:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            # The response would be sent by now.
            await asyncio.sleep(0.5)

    run(scenario())
    assert caplog.text == ""


def test_shutdown_does_not_wait_for_a_handshake(run, server_side):
    async def scenario():
        async with serving(ssl=server_side, head_s=120) as (port, connections):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while not connections.opening:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            started = time.monotonic()
        assert await reader.read() == b""
        writer.close()
        return time.monotonic() - started

    assert run(scenario()) < 40
