"""Deliberate differences from Django's own handler under load, listed in docs/asgi-differences.md."""

import asyncio

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, loop_runs

barrier = None


def plain(request):
    return HttpResponse("plain")


def held(request):
    barrier.stop()
    return HttpResponse("held")


async def aheld(request):
    await barrier.astop()
    return HttpResponse("held")


def held_stream(request):
    def chunks():
        yield b"first"
        barrier.stop()

    return StreamingHttpResponse(chunks())


urlpatterns = [
    path("plain", plain),
    path("held", held),
    path("aheld", aheld),
    path("held_stream", held_stream),
]


@pytest.fixture
def last_of(barrier):
    """Return a function that sends `crowd` requests to a held view, sends one more, and returns the last status."""

    async def ask(handler, target: str, *, crowd: int, last: str) -> int:
        barrier.close()
        held = [Exchange(handler, "GET", target).start() for _ in range(crowd)]
        # The other requests wait for the first one's thread, or have reached the barrier as well.
        await barrier.reached()
        await loop_runs()
        await asyncio.sleep(0.3)
        one_more = Exchange(handler, "GET", last).start()
        await asyncio.wait([one_more.task], timeout=0.5)
        barrier.open()
        assert {(await one.reply()).status for one in held} == {200}
        return (await one_more.reply()).status

    return ask


async def test_too_many_concurrent_requests_are_rejected_not_queued(one_hop, last_of):
    ours = one_hop(threads=2, max_waiting=2)

    assert await last_of(ASGIHandler(), "/held", crowd=4, last="/plain") == 200
    assert await last_of(ours, "/held", crowd=4, last="/plain") == 503


async def test_too_many_concurrent_async_requests_are_rejected(one_hop, last_of):
    ours = one_hop(threads=1, max_waiting=0)

    assert await last_of(ASGIHandler(), "/aheld", crowd=8, last="/aheld") == 200
    assert await last_of(ours, "/aheld", crowd=8, last="/aheld") == 503


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_too_many_concurrent_streams_are_rejected(one_hop, last_of):
    ours = one_hop(threads=4, max_streams=1, max_waiting=0)

    assert await last_of(ASGIHandler(), "/held_stream", crowd=1, last="/held_stream") == 200
    assert await last_of(ours, "/held_stream", crowd=1, last="/held_stream") == 503
