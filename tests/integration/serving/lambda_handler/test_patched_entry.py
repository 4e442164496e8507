"""A tool that follows ASGI requests sees every invocation; without one a synchronous view needs no event loop."""

import asyncio
import functools
import threading

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
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
def _nothing_seen() -> None:
    seen.clear()


@pytest.fixture
def patch(monkeypatch):
    """Puts a method that notes its calls where a tool would."""

    def put(owner: type, name: str) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        async def noting(*args):
            seen.append(name)
            return await original(*args)

        monkeypatch.setattr(owner, name, noting)

    return put


@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
@WAYS
def test_a_patched_call_is_seen_whenever_it_was_patched(ours, patch, way, late):
    event = event_of("http_api_v2", "GET", f"{way}/plain")
    if late:
        ours(event)
        seen.clear()
    patch(ASGIHandler, "__call__")

    assert body_of(ours(event)) == b"plain"
    assert seen == ["__call__", "view"]


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [("plain", 200, b"plain"), ("broken", 500, None), ("missing", 404, None), ("stream", 200, b"ab")],
)
@WAYS
def test_the_detour_answers_the_same(ours, patch, way, target, status, body):
    event = event_of("http_api_v2", "GET", f"{way}/{target}")
    direct = ours(event)
    patch(ASGIHandler, "__call__")
    detoured = ours(event)

    assert status_of(direct) == status
    assert body is None or body_of(direct) == body
    assert detoured == direct
    assert "__call__" in seen


@WAYS
def test_an_application_that_a_tool_wraps_is_called(way):
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
def test_a_patched_get_response_async_is_seen_behind_the_entry_alone(ours, patch, way):
    patch(ASGIHandler, "__call__")
    patch(BaseHandler, "get_response_async")

    ours(event_of("http_api_v2", "GET", f"{way}/plain"))

    assert seen == ["__call__", "get_response_async", "view"]


def test_on_the_detour_a_synchronous_view_runs_on_one_thread_without_an_event_loop(ours, patch):
    patch(ASGIHandler, "__call__")
    for _ in range(3):
        ours(event_of("http_api_v2", "GET", "/no_loop"))

    threads = {entry for entry in seen if entry != "__call__"}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
