"""SystemExit and KeyboardInterrupt raised in a request end that request, not the process."""

import signal

import pytest
from django.core.signals import request_finished
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from django_runtimes.serving.asgi.exits import ExitInRequestError, contained_exits
from tests.integration.serving.one_hop.exchange import Exchange, exchange

EXITS = {"exit": SystemExit(1), "interrupt": KeyboardInterrupt()}


def view(request, name):
    raise EXITS[name]


async def aview(request, name):
    raise EXITS[name]


def chunks(name):
    yield b"first"
    raise EXITS[name]


async def achunks(name):
    yield b"first"
    raise EXITS[name]


def stream(request, name):
    return StreamingHttpResponse(chunks(name))


async def astream(request, name):
    return StreamingHttpResponse(achunks(name))


def mixed_stream(request, name):
    return StreamingHttpResponse(achunks(name))


async def mixed_astream(request, name):
    return StreamingHttpResponse(chunks(name))


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


urlpatterns = [
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/<name>", view),
    path("async/<name>", aview),
    *[path(f"{one.__name__}/<name>", one) for one in (stream, astream, mixed_stream, mixed_astream)],
]


@sync_and_async_middleware
def exits(get_response):
    def middleware(request):
        raise SystemExit(1)

    return middleware


@pytest.mark.parametrize("name", EXITS)
@pytest.mark.parametrize("way", ["/sync", "/async"])
async def test_a_view_that_exits_is_an_internal_error(one_hop, signals, caplog, way, name):
    reply = await exchange(one_hop(), "GET", f"{way}/{name}")

    assert reply.status == 500
    assert signals == ["request_started", "got_request_exception", "request_finished"]
    assert [record.exc_info[0] for record in caplog.records] == [ExitInRequestError]


@pytest.mark.parametrize("name", EXITS)
@pytest.mark.parametrize("target", ["/stream", "/astream", "/mixed_stream", "/mixed_astream"])
async def test_a_stream_that_exits_ends_only_its_request(one_hop, signals, target, name):
    handler = one_hop(threads=1, max_waiting=0)
    request = Exchange(handler, "GET", f"{target}/{name}").start()

    with pytest.raises(ExitInRequestError, match="ends this request alone"):
        await request.finish()

    assert request.body == b"first"
    assert signals == ["request_started", "request_finished"]
    assert (await exchange(handler, "GET", "/sync/plain")).status == 200


@pytest.mark.parametrize("target", ["/sync/plain", "/async/plain"])
async def test_middleware_that_exits_ends_only_its_request(one_hop, settings, listed, target):
    settings.MIDDLEWARE = [listed(f"{__name__}.exits")]

    with pytest.raises(ExitInRequestError):
        await exchange(one_hop(), "GET", target)


@pytest.mark.parametrize("target", ["/sync/plain", "/async/plain"])
async def test_a_receiver_that_exits_ends_only_its_request(one_hop, target):
    def receiver(**_):
        raise SystemExit(1)

    request_finished.connect(receiver)
    try:
        with pytest.raises(ExitInRequestError):
            await exchange(one_hop(), "GET", target)
    finally:
        request_finished.disconnect(receiver)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_signal_ends_the_process(error):
    def stop(*_):
        raise error

    before = signal.signal(signal.SIGUSR2, stop)
    try:
        with pytest.raises(error), contained_exits():
            signal.raise_signal(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_an_interrupt_from_the_keyboard_ends_the_process():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), contained_exits():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
