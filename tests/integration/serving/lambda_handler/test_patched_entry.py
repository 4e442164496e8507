"""A tool that patches Django's handler sees every invocation; without one, a sync view needs no event loop."""

import asyncio
import functools
import threading
import time

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.patches import CHECK_INTERVAL_S, NATIVE_METHODS
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of

seen: list = []


def plain(request):
    seen.append("view")
    return HttpResponse("plain")


async def aplain(request):
    return plain(request)


def broken(request):
    raise ValueError("broken")


async def abroken(request):
    raise ValueError("broken")


def stream(request):
    return StreamingHttpResponse(iter([b"a", b"b"]))


async def astream(request):
    async def chunks():
        yield b"a"
        yield b"b"

    return StreamingHttpResponse(chunks())


def no_loop(request):
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    seen.append(threading.get_ident())
    return HttpResponse()


urlpatterns = [
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/broken", broken),
    path("async/broken", abroken),
    path("sync/stream", stream),
    path("async/stream", astream),
    path("no_loop", no_loop),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@pytest.fixture(autouse=True)
def _reset_seen() -> None:
    seen.clear()


@pytest.fixture
def patch(monkeypatch):
    """Return a function that replaces a method with one that records its calls, as a tool would."""

    def put(owner: type, name: str) -> None:
        original = getattr(owner, name)

        if iscoroutinefunction(original):

            @functools.wraps(original)
            async def recording(*args):
                seen.append(name)
                return await original(*args)

        else:

            @functools.wraps(original)
            def recording(*args):
                seen.append(name)
                return original(*args)

        monkeypatch.setattr(owner, name, recording)
        time.sleep(CHECK_INTERVAL_S)

    return put


@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("name", ["__call__", *sorted(NATIVE_METHODS - {"_get_response_async"})])
@WAYS
def test_a_method_is_called_whether_patched_early_or_late(ours, patch, way, name, late):
    event = event_of("http_api_v2", "GET", f"{way}/plain")
    if late:
        ours(event)
        seen.clear()
    patch(ASGIHandler, name)

    assert body_of(ours(event)) == b"plain"
    assert (seen.count(name), seen.count("view")) == (1, 1)


@WAYS
@pytest.mark.parametrize("name", ["get_response_async", "_get_response_async"])
def test_a_patched_get_response_async_is_called(ours, patch, way, name):
    patch(BaseHandler, name)

    assert body_of(ours(event_of("http_api_v2", "GET", f"{way}/plain"))) == b"plain"
    assert seen == [name, "view"]


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [("plain", 200, b"plain"), ("broken", 500, None), ("missing", 404, None), ("stream", 200, b"ab")],
)
@WAYS
def test_the_detour_gives_the_same_reply(ours, patch, way, target, status, body):
    event = event_of("http_api_v2", "GET", f"{way}/{target}")
    direct = ours(event)
    patch(ASGIHandler, "__call__")
    detoured = ours(event)

    assert status_of(direct) == status
    assert body is None or body_of(direct) == body
    assert detoured == direct
    assert "__call__" in seen


@WAYS
def test_a_wrapped_application_is_called(way):
    handler = OneHopASGIHandler(threads=1)

    async def wrapped(scope, receive, send):
        seen.append("wrapper")
        await handler(scope, receive, send)

    function = DirectLambdaHandler(wrapped, handler)
    try:
        function(event_of("http_api_v2", "GET", f"{way}/plain"), CONTEXT)
    finally:
        function.close()

    assert seen == ["wrapper", "view"]


@WAYS
def test_get_response_async_is_called_behind_a_patched_entry(ours, patch, way):
    patch(ASGIHandler, "__call__")
    patch(BaseHandler, "get_response_async")

    ours(event_of("http_api_v2", "GET", f"{way}/plain"))

    assert seen == ["__call__", "get_response_async", "view"]


def test_on_the_detour_sync_views_share_a_thread_without_a_loop(ours, patch):
    patch(ASGIHandler, "__call__")
    for _ in range(3):
        ours(event_of("http_api_v2", "GET", "/no_loop"))

    threads = {entry for entry in seen if entry != "__call__"}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
