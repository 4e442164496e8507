"""Both handlers turn an exception into the same response, wherever it is raised."""

import asyncio

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import path

from tests.integration.serving.django_versions import DEBUG_PAGE_TYPE
from tests.integration.serving.one_hop.exchange import Exchange, exchange

ERRORS = {
    "missing": Http404("missing"),
    "denied": PermissionDenied("denied"),
    "suspicious": SuspiciousOperation("suspicious"),
    "bad": BadRequest("bad"),
    "broken": ValueError("broken"),
    "cancelled": asyncio.InvalidStateError("broken"),
}


def fail(request, name):
    raise ERRORS[name]


async def afail(request, name):
    raise ERRORS[name]


def nothing(request):
    return None


async def anothing(request):
    return None


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


def unrendered(request):
    return SimpleTemplateResponse("no such template")


async def aunrendered(request):
    return SimpleTemplateResponse("no such template")


def breaking():
    yield b"first"
    raise ValueError("in the stream")


async def abreaking():
    yield b"first"
    raise ValueError("in the stream")


def stream(request):
    return StreamingHttpResponse(breaking())


async def astream(request):
    return StreamingHttpResponse(abreaking())


def mixed_stream(request):
    return StreamingHttpResponse(abreaking())


urlpatterns = [
    path("sync/fail/<name>", fail),
    path("async/fail/<name>", afail),
    path("sync/nothing", nothing),
    path("async/nothing", anothing),
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/unrendered", unrendered),
    path("async/unrendered", aunrendered),
    path("sync/stream", stream),
    path("async/stream", astream),
    path("mixed/stream", mixed_stream),
]


def error_page(request):
    return HttpResponse("we are sorry", status=500)


def broken_error_page(request):
    raise KeyError("no page either")


class Failing:
    """Base class for middleware that fails at some point; MiddlewareMixin would hide the thread it runs on."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class FailingBefore(Failing):
    def __call__(self, request):
        raise ValueError("before the view")


class FailingAfter(Failing):
    def __call__(self, request):
        self.get_response(request)
        raise PermissionDenied


class FailingAtTheView(Failing):
    def process_view(self, request, view, args, kwargs):
        raise ValueError("at the view")


class FailingAtTheTemplate(Failing):
    def process_template_response(self, request, response):
        raise ValueError("at the template")


class Rescuing(Failing):
    def process_exception(self, request, exception):
        return HttpResponse(f"rescued from {exception!r}", status=200)


class FailingToRescue(Failing):
    def process_exception(self, request, exception):
        raise ValueError("while rescuing")


WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@WAYS
@pytest.mark.parametrize(
    ("name", "status"),
    [("missing", 404), ("denied", 403), ("suspicious", 400), ("bad", 400), ("broken", 500), ("cancelled", 500)],
)
async def test_a_views_exception_becomes_a_response_with_its_status(both, way, name, status):
    assert (await both("GET", f"{way}/fail/{name}")).status == status


@WAYS
async def test_a_view_that_returns_nothing_is_an_error(both, way):
    assert (await both("GET", f"{way}/nothing")).status == 500


@WAYS
async def test_a_missing_template_is_an_error(both, way):
    assert (await both("GET", f"{way}/unrendered")).status == 500


@WAYS
@pytest.mark.parametrize(
    ("middleware", "target", "status"),
    [
        ("FailingBefore", "plain", 500),
        ("FailingAtTheView", "plain", 500),
        ("FailingAtTheTemplate", "unrendered", 500),
        ("FailingAfter", "plain", 403),
        ("FailingToRescue", "fail/broken", 500),
    ],
)
async def test_an_exception_in_middleware_becomes_a_response(both, settings, way, middleware, target, status):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.{middleware}"]

    assert (await both("GET", f"{way}/{target}")).status == status


@WAYS
async def test_middleware_may_handle_a_views_exception(both, settings, way):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Rescuing"]

    assert (await both("GET", f"{way}/fail/broken")).body == b"rescued from ValueError('broken')"


@WAYS
async def test_the_projects_own_error_page_is_shown(both, way, monkeypatch):
    monkeypatch.setitem(globals(), "handler500", error_page)

    assert (await both("GET", f"{way}/fail/broken")).body == b"we are sorry"


@WAYS
async def test_a_failing_error_page_raises_to_the_server(handler, way, monkeypatch):
    monkeypatch.setitem(globals(), "handler500", broken_error_page)

    with pytest.raises(KeyError, match="no page either"):
        await exchange(handler, "GET", f"{way}/fail/broken")


@WAYS
async def test_propagated_exceptions_reach_the_server(handler, settings, way):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True

    with pytest.raises(ValueError, match="broken"):
        await exchange(handler, "GET", f"{way}/fail/broken")


@WAYS
async def test_the_debug_page_shows_the_exception(handler, settings, way):
    settings.DEBUG = True

    reply = await exchange(handler, "GET", f"{way}/fail/broken", headers=[(b"accept", b"text/html")])

    assert (reply.status, reply.header("Content-Type")) == (500, DEBUG_PAGE_TYPE)
    assert b"<title>ValueError" in reply.body


@pytest.mark.parametrize("way", ["/async", "/mixed"])
async def test_a_failing_async_stream_ends_the_connection(handler, signals, way):
    download = Exchange(handler, "GET", f"{way}/stream").start()

    with pytest.raises(ValueError, match="in the stream"):
        await download.finish()

    assert download.body == b"first"
