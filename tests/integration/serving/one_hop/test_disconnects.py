"""A disconnect or a stopping server cancels asynchronous work and lets synchronous work finish."""

import asyncio
from types import ModuleType

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_only_middleware

from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange, loop_runs

barrier = None
outcomes: list[str] = []


def sync_view(request):
    barrier.stop()
    outcomes.append("finished")
    return HttpResponse("too late")


async def async_view(request):
    try:
        await barrier.astop()
    except asyncio.CancelledError:
        outcomes.append("cancelled")
        raise
    outcomes.append("finished")
    return HttpResponse("too late")


async def leaves_a_call_on_its_thread(request):
    outcomes.append(asyncio.create_task(sync_to_async(barrier.stop)()))
    await barrier.reached()
    return HttpResponse("too late")


async def letters():
    try:
        while True:
            yield b"a"
            await asyncio.sleep(0.001)
    finally:
        outcomes.append("closed")


async def async_stream(request):
    return StreamingHttpResponse(letters())


def mixed_stream(request):
    return StreamingHttpResponse(letters())


def plain(request):
    return HttpResponse("plain")


BRIDGED_URLCONF = ModuleType(f"{__name__}_bridged")


def bridging(get_response):
    """Synchronous middleware that selects an asynchronous view, which the hint cannot foresee."""

    def middleware(request):
        if request.path == "/bridged":
            request.urlconf = BRIDGED_URLCONF
        return get_response(request)

    return middleware


def _wrapped_by_a_tool(method):
    async def patched(self, request):
        return await method(self, request)

    return patched


@async_only_middleware
def async_only(get_response):
    async def middleware(request):
        return await get_response(request)

    return middleware


@sync_only_middleware
def sync_only(get_response):
    def middleware(request):
        return get_response(request)

    return middleware


urlpatterns = [
    path("leaves_a_call", leaves_a_call_on_its_thread),
    path("sync", sync_view),
    path("async", async_view),
    path("async/stream", async_stream),
    path("mixed/stream", mixed_stream),
    path("plain", plain),
]


BRIDGED_URLCONF.urlpatterns = [path("bridged", async_view)]


@pytest.fixture(autouse=True)
def _reset_outcomes():
    outcomes.clear()


async def test_an_async_view_is_cancelled_on_disconnect(handler, barrier, signals):
    request = Exchange(handler, "GET", "/async").start()
    await barrier.reached()

    request.disconnect()
    await request.finish()

    assert outcomes == ["cancelled"]
    assert request.messages == []
    assert signals == ["request_started", "request_finished"]


@pytest.mark.parametrize("patched", [False, True])
async def test_a_bridged_view_is_cancelled_on_disconnect(
    one_hop, barrier, signals, settings, monkeypatch, patched, caplog
):
    settings.MIDDLEWARE = [f"{__name__}.bridging"]
    if patched:
        monkeypatch.setattr(ASGIHandler, "get_response_async", _wrapped_by_a_tool(ASGIHandler.get_response_async))
    handler = one_hop(threads=1, max_waiting=0)
    request = Exchange(handler, "GET", "/bridged").start()
    await barrier.reached()

    request.disconnect()
    await request.finish()

    assert handler.bridged_async_views == 1
    assert outcomes == ["cancelled"]
    assert request.messages == []
    assert signals == ["request_started", "request_finished"]
    assert caplog.records == []
    # The cancelled request's thread and slot are free again.
    assert (await exchange(handler, "GET", "/plain")).body == b"plain"


async def test_requests_behind_a_bridged_view_switch_to_djangos_path(one_hop, barrier, settings):
    settings.MIDDLEWARE = [f"{__name__}.bridging"]
    handler = one_hop(threads=1, max_waiting=2, max_wait_s=0.1, max_chain_wait_s=60)
    requests = [Exchange(handler, "POST", "/bridged", body=b"a").start() for _ in range(3)]

    # One request holds the thread; the others have given up waiting for it.
    await barrier.reached(3)
    barrier.open()

    assert [(await request.reply()).status for request in requests] == [200] * 3
    assert handler.bridged_async_views == 1


async def test_a_call_that_outlives_its_client_still_ends_the_request(one_hop, barrier, signals, settings):
    # Django 5.2's own handler ends the request as well; 6.1's does not.
    settings.MIDDLEWARE = [f"{__name__}.sync_only"]
    request = Exchange(one_hop(), "GET", "/leaves_a_call").start()
    await barrier.reached()
    await loop_runs()

    request.disconnect()
    await loop_runs()
    barrier.open()
    await request.finish()

    assert request.messages == []
    assert signals == ["request_started", "request_finished"]


async def test_a_sync_view_finishes_after_a_disconnect(handler, barrier, signals):
    request = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()

    request.disconnect()
    await loop_runs()
    barrier.open()
    await request.finish()
    await eventually(lambda: "request_finished" in signals)

    assert outcomes == ["finished"]
    assert signals == ["request_started", "request_finished"]


@pytest.mark.parametrize("target", ["/async/stream", "/mixed/stream"])
async def test_an_async_stream_is_closed_on_disconnect(handler, signals, target):
    request = Exchange(handler, "GET", target).start()
    await request.received(b"aaa")

    request.disconnect()
    await request.finish()

    assert outcomes == ["closed"]
    assert signals == ["request_started", "request_finished"]


@pytest.mark.parametrize("target", ["/async/stream", "/mixed/stream"])
async def test_an_unread_async_stream_is_closed_on_disconnect(handler, target):
    request = Exchange(handler, "GET", target)
    request.reading.clear()
    request.start()
    await eventually(lambda: request.messages)

    request.disconnect()
    await request.finish()

    # An iterator that has not started has nothing to close.
    assert outcomes in ([], ["closed"])


async def test_a_cancelled_sync_view_finishes_and_frees_its_thread(one_hop, barrier, signals):
    handler = one_hop(threads=1)
    request = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()

    request.task.cancel()
    await loop_runs()
    barrier.open()
    await asyncio.wait([request.task])
    await eventually(lambda: "request_finished" in signals)

    assert outcomes == ["finished"]
    assert (await exchange(handler, "GET", "/plain")).body == b"plain"
    assert signals.count("request_started") == signals.count("request_finished") == 2


async def test_a_cancelled_request_keeps_its_slot_until_its_view_ends(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=0)
    request = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()
    request.task.cancel()
    await loop_runs()

    # The only thread is still busy, so another request is rejected at once instead of waiting.
    another = Exchange(handler, "GET", "/plain").start()
    await asyncio.wait([another.task], timeout=30)
    answered = [message.get("status") for message in another.messages[:1]]
    barrier.open()
    await asyncio.wait([another.task, request.task])

    assert answered == [503]


async def test_a_cancelled_request_on_djangos_path_does_not_block_others(one_hop, barrier, settings):
    settings.MIDDLEWARE = [f"{__name__}.async_only"]
    handler = one_hop(threads=1)
    request = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()
    request.task.cancel()
    await asyncio.wait([request.task], timeout=0.05)

    another = Exchange(handler, "GET", "/plain").start()
    await asyncio.wait([another.task], timeout=30)
    answered = [message.get("status") for message in another.messages[:1]]
    barrier.open()
    await asyncio.wait([another.task, request.task])

    assert answered == [200]


async def test_a_request_cancelled_in_the_queue_leaves_it(one_hop, barrier, signals):
    handler = one_hop(threads=1, max_waiting=1)
    inside = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()
    queued = Exchange(handler, "GET", "/plain").start()
    await loop_runs()

    queued.task.cancel()
    await asyncio.wait([queued.task])
    next_queued = Exchange(handler, "GET", "/plain").start()
    await loop_runs()
    barrier.open()

    assert (await next_queued.reply()).status == 200
    assert (await inside.reply()).status == 200
    assert queued.messages == []
    assert signals.count("request_started") == 2


async def test_a_queued_request_is_served_after_a_disconnect(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=1)
    inside = Exchange(handler, "GET", "/sync").start()
    await barrier.reached()
    queued = Exchange(handler, "GET", "/plain").start()
    await loop_runs()

    queued.disconnect()
    barrier.open()
    await queued.finish()

    assert (await inside.reply()).status == 200
    assert (await exchange(handler, "GET", "/plain")).status == 200
