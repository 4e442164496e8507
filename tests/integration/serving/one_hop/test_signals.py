"""Each request sends its signals once, whatever its outcome."""

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, exchange


async def letters():
    yield b"a"


RESULTS = {
    "plain": lambda: HttpResponse("plain"),
    "sync_stream": lambda: StreamingHttpResponse(iter([b"a"])),
    "async_stream": lambda: StreamingHttpResponse(letters()),
}


def result(request, name):
    return RESULTS[name]()


async def aresult(request, name):
    return RESULTS[name]()


def missing(request):
    raise Http404


async def amissing(request):
    raise Http404


def broken(request):
    raise ValueError("broken")


async def abroken(request):
    raise ValueError("broken")


urlpatterns = [
    path("sync/missing", missing),
    path("async/missing", amissing),
    path("sync/broken", broken),
    path("async/broken", abroken),
    path("sync/<name>", result),
    path("async/<name>", aresult),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@WAYS
@pytest.mark.parametrize("name", ["plain", "sync_stream", "async_stream", "missing"])
async def test_a_request_starts_once_and_finishes_once(both, signals, way, name):
    await both("GET", f"{way}/{name}")

    assert signals == ["request_started", "request_finished"]


@WAYS
async def test_got_request_exception_is_sent_between_the_other_signals(both, signals, way):
    assert (await both("GET", f"{way}/broken")).status == 500
    assert signals == ["request_started", "got_request_exception", "request_finished"]


@WAYS
async def test_a_request_that_cannot_be_parsed_sends_both_signals(both, signals, way):
    assert (await both("GET", f"{way}/plain", query=b"\xff")).status == 400
    assert signals == ["request_started", "request_finished"]


@WAYS
async def test_a_disconnect_before_the_whole_body_sends_no_signal(handler, signals, way):
    upload = Exchange(handler, "POST", f"{way}/plain", body=None)
    upload.send_body(b"half", more=True)
    upload.disconnect()

    await upload.start().finish()

    assert (signals, upload.messages) == ([], [])


@WAYS
async def test_request_started_carries_the_scope(handler, way):
    paths = []

    def remember(scope, **_):
        paths.append(scope["path"])

    request_started.connect(remember)
    try:
        await exchange(handler, "GET", f"{way}/plain")
    finally:
        request_started.disconnect(remember)

    assert paths == [f"{way}/plain"]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@WAYS
@pytest.mark.parametrize("name", ["plain", "sync_stream", "async_stream", "broken"])
async def test_the_sender_of_both_signals_is_djangos_handler_class(handler, way, name):
    received = []

    def started(sender, **_):
        received.append("started")

    def finished(sender, **_):
        received.append("finished")

    request_started.connect(started, sender=ASGIHandler)
    request_finished.connect(finished, sender=ASGIHandler)
    try:
        await exchange(handler, "GET", f"{way}/{name}")
    finally:
        request_started.disconnect(started, sender=ASGIHandler)
        request_finished.disconnect(finished, sender=ASGIHandler)

    assert received == ["started", "finished"]


@WAYS
async def test_got_request_exception_carries_the_request(handler, way):
    paths = []

    def remember(request, **_):
        paths.append(request.path)

    got_request_exception.connect(remember)
    try:
        await exchange(handler, "GET", f"{way}/broken")
    finally:
        got_request_exception.disconnect(remember)

    assert paths == [f"{way}/broken"]


@WAYS
async def test_asynchronous_receivers_are_awaited(handler, way):
    seen = []

    async def started(**_):
        seen.append("started")

    async def finished(**_):
        seen.append("finished")

    request_started.connect(started)
    request_finished.connect(finished)
    try:
        await exchange(handler, "GET", f"{way}/plain")
    finally:
        request_started.disconnect(started)
        request_finished.disconnect(finished)

    assert seen == ["started", "finished"]


@WAYS
async def test_an_exception_in_request_started_reaches_the_server(handler, way):
    def fail(**_):
        raise LookupError("no such tenant")

    request_started.connect(fail)
    try:
        with pytest.raises(LookupError, match="no such tenant"):
            await exchange(handler, "GET", f"{way}/plain")
    finally:
        request_started.disconnect(fail)

    assert (await exchange(handler, "GET", f"{way}/plain")).status == 200
