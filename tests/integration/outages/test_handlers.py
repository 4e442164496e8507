"""Every handler answers an outage with 503, wherever it is raised and whatever handler500 is."""

from contextlib import contextmanager

import psycopg
import pytest
from asgiref.sync import markcoroutinefunction
from django.core.handlers import exception
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import got_request_exception
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.template import Context, Engine
from django.test import RequestFactory
from django.urls import path

from django_runtimes.outages.uncaught import answer_outages
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from tests.integration.outages.on_lambda import reply_on_lambda
from tests.integration.serving.one_hop.exchange import exchange

pytestmark = pytest.mark.profile_free


def outage():
    raise OperationalError("the database is away") from psycopg.OperationalError("connection refused")


def view(request):
    outage()


async def asynchronous_view(request):
    outage()


def template(request):
    return HttpResponse(Engine().from_string("{{ broken }}").render(Context({"broken": outage})))


def faulty(request):
    raise ZeroDivisionError("of the project's own")


def fine(request):
    return HttpResponse("fine")


def own_error_page(request):
    return HttpResponse("the project's own page", status=500)


class RaisingMiddleware:
    """Middleware that raises an outage at the point that the header `Raise` names."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.headers.get("Raise") == "before":
            outage()
        response = self.get_response(request)
        if request.headers.get("Raise") == "after":
            outage()
        return response

    def process_view(self, request, view, args, kwargs):
        if request.headers.get("Raise") == "process_view":
            outage()


class AsynchronousMiddleware:
    """Middleware that supports asynchronous requests only."""

    sync_capable, async_capable = False, True

    def __init__(self, get_response):
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        if request.headers.get("Raise") == "before":
            outage()
        return await self.get_response(request)


urlpatterns = [
    path(name, called)
    for name, called in {
        "view": view,
        "asynchronous": asynchronous_view,
        "template": template,
        "faulty": faulty,
        "fine": fine,
    }.items()
]
handler500 = own_error_page
INNER = "django.middleware.common.CommonMiddleware"
EVERY_PLACE = pytest.mark.parametrize(
    ("page", "header"),
    [
        ("/view", ""),
        ("/asynchronous", ""),
        ("/template", ""),
        ("/fine", "before"),
        ("/fine", "after"),
        ("/fine", "process_view"),
    ],
)


@pytest.fixture(autouse=True)
def _project(settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.RaisingMiddleware", INNER]
    settings.SECURE_SSL_REDIRECT = False
    # Django checks connections that earlier tests left open on this thread, but pytest-django blocks queries here.
    connections.close_all()


@contextmanager
def one_hop(**options):
    handler = OneHopASGIHandler(threads=1, **options)
    try:
        yield handler
    finally:
        handler.close()


async def send_request(handler, page: str, header: str = ""):
    return await exchange(handler, "GET", page, headers=[(b"raise", header.encode())] if header else [])


@EVERY_PLACE
async def test_an_outage_in_a_container_gives_503(page, header):
    with one_hop() as handler:
        reply = await send_request(handler, page, header)

    assert (reply.status, reply.header("Retry-After")) == (503, "5")


@EVERY_PLACE
async def test_an_outage_on_djangos_handler_gives_503(page, header):
    assert (await send_request(ASGIHandler(), page, header)).status == 503


@pytest.mark.parametrize(("page", "header"), [("/view", ""), ("/asynchronous", ""), ("/fine", "before")])
@pytest.mark.parametrize("raising", ["AsynchronousMiddleware", "RaisingMiddleware"])
async def test_an_outage_under_async_middleware_gives_503(settings, page, header, raising):
    settings.MIDDLEWARE = [f"{__name__}.AsynchronousMiddleware", f"{__name__}.{raising}", INNER]

    with one_hop() as handler:
        assert handler.needs_asynchronous_chain
        assert (await send_request(handler, page, header)).status == 503


@EVERY_PLACE
def test_an_outage_on_lambda_gives_503(page, header):
    reply = reply_on_lambda(page, **({"raise": header} if header else {}))

    assert (reply["statusCode"], reply["headers"]["retry-after"]) == (503, "5")


async def test_other_errors_get_the_projects_own_page():
    with one_hop() as handler:
        reply = await send_request(handler, "/faulty")

    assert (reply.status, reply.body) == (500, b"the project's own page")


@pytest.mark.parametrize("page", ["/view", "/faulty"])
async def test_an_outage_sends_got_request_exception_once(page):
    received = []

    def receive(sender, request, **kwargs):
        received.append(request.path)

    got_request_exception.connect(receive)
    with one_hop() as handler:
        await send_request(handler, page)
    got_request_exception.disconnect(receive)

    assert received == [page]


async def test_debug_shows_djangos_error_page(settings):
    settings.DEBUG = True
    with one_hop() as handler:
        reply = await send_request(handler, "/view")

    assert reply.status == 500
    assert b"Traceback" in reply.body


def test_debug_propagate_exceptions_raises_the_error(settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    request = RequestFactory().get("/view")

    with pytest.raises(OperationalError):
        exception.convert_exception_to_response(view)(request)


def test_calling_answer_outages_twice_changes_nothing():
    answer_outages()
    before = exception.handle_uncaught_exception
    answer_outages()

    assert exception.handle_uncaught_exception is before
