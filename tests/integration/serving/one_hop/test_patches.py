"""Tools that patch Django's handlers see each request to our handler, too."""

import asyncio
import functools
import time
from io import BytesIO

import django.core.asgi
import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.asgi.asgi_application import make_application
from django_runtimes.serving.asgi.patches import CHECK_INTERVAL_S, NATIVE_METHODS
from django_runtimes.serving.current_request import Request, current_request
from tests.integration.serving.one_hop.exchange import exchange

seen: list[object] = []


def plain(request):
    seen.append("view")
    return HttpResponse("plain")


async def aplain(request):
    return plain(request)


def stream(request):
    def chunks():
        seen.append("chunk")
        yield b"streamed"

    seen.append("view")
    return StreamingHttpResponse(chunks())


def broken(request):
    seen.append("view")
    raise ValueError("broken")


async def abroken(request):
    broken(request)


@csrf_exempt
def echo(request):
    return HttpResponse(request.body)


@csrf_exempt
async def aecho(request):
    return echo(request)


async def executor(request):
    seen.append(await asyncio.to_thread(current_request.get))
    return HttpResponse()


urlpatterns = [
    path("executor", executor),
    path("sync/echo", echo),
    path("async/echo", aecho),
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/broken", broken),
    path("async/broken", abroken),
    path("stream", stream),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
LATE = pytest.mark.parametrize("late", [False, True], ids=["early", "late"])


@pytest.fixture(autouse=True)
def _reset_seen() -> None:
    seen.clear()


@pytest.fixture
def patch(monkeypatch):
    """Return a function that replaces a method with one that records its calls, as a tool would."""

    def put(owner: type, name: str) -> None:
        original = getattr(owner, name)
        if not iscoroutinefunction(original):

            @functools.wraps(original)
            def recording(self, *args):
                seen.append(name)
                return original(self, *args)

        else:

            @functools.wraps(original)
            async def recording(self, *args):
                seen.append(name)
                response = await original(self, *args)
                seen.append(f"end of {name}")
                return response

        monkeypatch.setattr(owner, name, recording)
        time.sleep(CHECK_INTERVAL_S)

    return put


@LATE
@WAYS
async def test_the_entry_is_called_whether_patched_early_or_late(one_hop, patch, way, late):
    handler = one_hop()
    if late:
        await exchange(handler, "GET", f"{way}/plain")
        seen.clear()
    patch(ASGIHandler, "__call__")

    await exchange(handler, "GET", f"{way}/plain")

    assert seen == ["__call__", "view", "end of __call__"]


@WAYS
async def test_a_patched_get_response_async_surrounds_the_view(one_hop, patch, way):
    patch(BaseHandler, "get_response_async")

    reply = await exchange(one_hop(), "GET", f"{way}/plain")

    assert (reply.status, reply.body) == (200, b"plain")
    assert seen == ["get_response_async", "view", "end of get_response_async"]


@WAYS
async def test_a_tool_that_patches_both_get_responses_counts_one_request(one_hop, patch, way):
    patch(BaseHandler, "get_response")
    patch(BaseHandler, "get_response_async")

    assert (await exchange(one_hop(), "GET", f"{way}/broken")).status == 500
    assert seen == ["get_response_async", "view", "end of get_response_async"]


async def test_a_patched_get_response_async_ends_before_a_stream_begins(one_hop, patch):
    patch(BaseHandler, "get_response_async")

    assert (await exchange(one_hop(), "GET", "/stream")).body == b"streamed"
    assert seen == ["get_response_async", "view", "end of get_response_async", "chunk"]


@LATE
@WAYS
@pytest.mark.parametrize("name", sorted(NATIVE_METHODS - {"_get_response_async"}))
async def test_patched_methods_that_the_one_hop_skips_are_called(one_hop, patch, way, name, late):
    handler = one_hop()
    if late:
        await exchange(handler, "GET", f"{way}/plain")
        seen.clear()
    patch(ASGIHandler, name)

    reply = await exchange(handler, "GET", f"{way}/plain")

    assert (reply.status, reply.body) == (200, b"plain")
    assert seen.count(name) == seen.count("view") == 1


@WAYS
async def test_a_patched_inner_get_response_is_called(one_hop, patch, way):
    patch(BaseHandler, "_get_response_async")

    await exchange(one_hop(), "GET", f"{way}/plain")

    assert seen == ["_get_response_async", "view", "end of _get_response_async"]


@WAYS
async def test_a_patched_read_body_may_change_the_body(one_hop, monkeypatch, way):
    djangos = ASGIHandler.read_body

    async def read_body(self, receive):
        return BytesIO((await djangos(self, receive)).read().upper())

    monkeypatch.setattr(ASGIHandler, "read_body", read_body)

    assert (await exchange(one_hop(), "POST", f"{way}/echo", body=b"hello")).body == b"HELLO"


@WAYS
async def test_a_get_response_async_patched_late_is_called(one_hop, patch, way):
    handler = one_hop()
    await exchange(handler, "GET", f"{way}/plain")
    seen.clear()
    patch(BaseHandler, "get_response_async")

    await exchange(handler, "GET", f"{way}/plain")

    assert seen == ["get_response_async", "view", "end of get_response_async"]


@pytest.mark.parametrize("name", [None, "handle", "run_get_response", "send_response"])
async def test_requests_are_distinguished_on_executor_threads(one_hop, patch, name):
    if name is not None:
        patch(ASGIHandler, name)
    handler = one_hop()
    # Django's test client, used by other tests, leaves its request in the variable.
    outer = current_request.get()
    for _ in range(2):
        await exchange(handler, "GET", "/executor")

    requests = [one for one in seen if isinstance(one, Request)]
    assert len(set(requests)) == len(requests) == 2
    assert all(request.is_over for request in requests)
    assert current_request.get() is outer


async def test_a_wrapper_of_get_asgi_application_surrounds_our_handler(one_hop, monkeypatch):
    original = django.core.asgi.get_asgi_application

    def wrapping():
        application = original()

        async def wrapped(scope, receive, send):
            seen.append("wrapper")
            await application(scope, receive, send)

        return wrapped

    monkeypatch.setattr(django.core.asgi, "get_asgi_application", wrapping)
    application, handler = make_application(one_hop)

    await exchange(application, "GET", "/sync/plain")

    assert seen == ["wrapper", "view"]
    assert application is not handler


def test_without_tools_the_application_is_our_handler(one_hop):
    application, handler = make_application(one_hop)

    assert application is handler
    assert type(django.core.asgi.get_asgi_application()) is ASGIHandler


def test_a_get_asgi_application_without_a_handler_is_an_error(one_hop, monkeypatch):
    monkeypatch.setattr(django.core.asgi, "get_asgi_application", lambda: "another")

    with pytest.raises(ImproperlyConfigured, match="returned 'another' without making a handler; remove the tool"):
        make_application(one_hop)
