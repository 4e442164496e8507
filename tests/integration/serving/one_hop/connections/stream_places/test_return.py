"""A place comes back however its stream ends."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.db import connection
from psycopg_pool import PoolTimeout

from django_runtimes.serving.current_request import Request, begin_to_stream, current_request
from tests.integration.serving.one_hop.connections.stream_places.exports import (  # noqa: F401  (urlpatterns)
    NAMES,
    PLACES,
    SIZE,
    everything_is_returned,
    free_places,
    names,
    outcome,
    urlpatterns,
)
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

pytestmark = [pytest.mark.django_db(transaction=True)]


def end_backend(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
    connection.close()


@pytest.mark.parametrize(("target", "clients"), [("/aexport", 12), ("/export", 12), ("/aexecutor", PLACES)])
async def test_places_come_back_after_disconnects_and_cancellations(one_hop, barrier, pool, target, clients):
    # A cursor that an executor's job opened counts as closed 2 s after its client has left.
    pool.timeout = 60
    handler = one_hop(threads=SIZE)
    for end in (Exchange.disconnect, lambda stream: stream.task.cancel()):
        streams = [Exchange(handler, "GET", target).start() for _ in range(clients)]
        await barrier.reached(PLACES)
        for stream in streams:
            end(stream)
        await asyncio.wait([stream.task for stream in streams])
        barrier.close()

    barrier.open()
    assert [await outcome(Exchange(handler, "GET", target).start()) for _ in range(SIZE)] == [NAMES] * SIZE


async def test_places_come_back_after_errors(one_hop, pool):
    handler = one_hop(threads=SIZE)
    for _ in range(SIZE):
        with pytest.raises(ValueError, match="in the midst"):
            await exchange(handler, "GET", "/afails")

    await everything_is_returned(handler)


async def test_a_place_comes_back_if_the_connection_fails(one_hop, barrier, pool, monkeypatch):
    barrier.open()
    handler = one_hop(threads=SIZE)

    def refuse(timeout=None):
        raise PoolTimeout

    with monkeypatch.context() as patch:
        patch.setattr(pool, "getconn", refuse)
        for _ in range(SIZE):
            assert await outcome(Exchange(handler, "GET", "/aexport").start()) is PoolTimeout

    await everything_is_returned(handler)


async def test_a_stalled_client_loses_its_place(one_hop, barrier, pool, caplog):
    barrier.open()
    handler = one_hop(threads=SIZE, stalled_s=0.2)
    stalled = [Exchange(handler, "GET", target) for target in ("/aexport", "/export", "/apeeks")]
    for stream in stalled:
        stream.start()
        stream.reading.clear()
    # The head holds no connection, so the client may take its time.
    await eventually(lambda: all(stream.messages for stream in stalled[:2]))
    await asyncio.sleep(0.3)
    assert not any(stream.task.done() for stream in stalled[:2])
    for stream in stalled[:2]:
        stream.reading.set()
        await asyncio.sleep(0)
        stream.reading.clear()
    for stream in stalled:
        await asyncio.wait([stream.task], timeout=60.0)

    assert [stream.body for stream in stalled] == [b"a", b"a", b""]
    assert caplog.text.count("a client took less than") == 3
    await everything_is_returned(handler)


async def test_a_stream_whose_connection_breaks_returns_its_place(one_hop, barrier, pool):
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(PLACES)]
    await barrier.reached(PLACES)
    for each in tuple(pool._lent):
        await asyncio.to_thread(end_backend, each.info.backend_pid)
    barrier.open()
    await asyncio.wait([stream.task for stream in streams])

    assert all(stream.task.exception() is not None for stream in streams)
    await everything_is_returned(handler)
    assert (await exchange(handler, "GET", "/aexport")).body == NAMES


async def test_a_cursor_of_a_thread_that_has_ended_returns_its_place(pool):
    current_request.set(request := Request())
    begin_to_stream()
    rows = names().iterator(chunk_size=2)
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(copy_context().run, next, rows).result() == "a"

    assert free_places() == PLACES - 1
    assert next(rows) == "b"
    del rows
    request.end()
    await eventually(lambda: free_places() == PLACES)
