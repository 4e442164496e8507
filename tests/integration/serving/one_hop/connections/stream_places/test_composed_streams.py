"""Streams of an application alongside Django leave most of the pool to other requests."""

import asyncio

import pytest

from django_runtimes.serving.composed_requests import ComposedRequests
from tests.integration.serving.one_hop.connections.stream_places.exports import (  # noqa: F401  (urlpatterns)
    NAMES,
    PLACES,
    SIZE,
    everything_is_returned,
    names,
    rows,
    urlpatterns,
)
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import lent

pytestmark = [pytest.mark.django_db(transaction=True)]


async def composed_stream(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        async for name in rows():
            await send({"type": "websocket.send", "text": name})
        return
    if scope["path"] == "/list":
        found = "".join([name async for name in names().aiterator(chunk_size=2)])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": found.encode()})
        # A background task of Starlette runs after the response.
        assert "".join([name async for name in names().aiterator(chunk_size=2)]) == found
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    async for name in rows():
        await send({"type": "http.response.body", "body": name.encode(), "more_body": True})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_application_alongside_django_leaves_connections_to_others(one_hop, barrier, pool, kind):
    handler = one_hop(threads=SIZE)
    composed = ComposedRequests(composed_stream, handler)
    streams = [Exchange(composed, "GET", "/", type=kind).start() for _ in range(12)]
    await barrier.reached(PLACES)
    await eventually(lambda: sum(stream.task.done() for stream in streams) == 12 - PLACES)

    await eventually(lambda: lent() == PLACES)
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    assert (await exchange(composed, "GET", "/list")).body == NAMES
    barrier.open()
    await asyncio.wait([stream.task for stream in streams])
    assert sum(stream.task.exception() is None for stream in streams) == PLACES
    await everything_is_returned(handler)
