"""On Lambda, the init phase makes the middleware chain that the views need, outside any event loop."""

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of
from tests.integration.serving.middleware import constructors

HERE = constructors.__name__


def view(request):
    return HttpResponse("done")


async def aview(request):
    return HttpResponse("done")


class Asynchronous:
    urlpatterns = (path("async", aview),)


class Broken:
    @property
    def urlpatterns(self):
        raise LookupError("no such table")


urlpatterns = [path("sync", view), path("async", aview)]


@pytest.fixture(autouse=True)
def _reset():
    constructors.reset()
    constructors.may_go_on.set()


@pytest.fixture
def make(request):
    """Return a function that makes a handler, as the init phase does."""

    def make_handler(*args, **kwargs):
        handler = DirectLambdaHandler(*args, **kwargs)
        request.addfinalizer(handler.close)
        return handler

    return make_handler


def ask(handler, target):
    return handler(event_of("http_api_v2", "GET", target), CONTEXT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("strategy", ["pooled", "persistent", "per_request"])
@pytest.mark.parametrize("target", ["/sync", "/async"])
@pytest.mark.parametrize("name", ["Queries", "RunsACoroutine"])
def test_constructors_may_query_and_run_coroutines(make, settings, request, opened_connections, name, target, strategy):
    request.getfixturevalue(strategy)
    settings.MIDDLEWARE = [f"{HERE}.{name}"]
    handler = make()
    assert {wrapper.connection for wrapper in opened_connections} == {None}

    assert [body_of(ask(handler, target)) for _ in range(2)] == [b"done"] * 2
    assert set(constructors.made) == {"without a loop"}
    assert {wrapper.connection for wrapper in opened_connections} == {None}


@pytest.mark.parametrize(
    ("urlconf", "first"),
    [(__name__, "synchronous"), (Asynchronous, "asynchronous"), (Broken(), "synchronous")],
)
def test_the_init_phase_makes_the_chain_that_the_views_need(make, settings, listed, urlconf, first):
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]
    settings.ROOT_URLCONF = urlconf

    make()

    assert constructors.made == [first]


def test_the_chain_of_the_init_phase_serves_requests(make, settings, listed):
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]
    handler = make()

    assert body_of(ask(handler, "/sync")) == b"done"
    assert constructors.made == ["synchronous"]
    assert body_of(ask(handler, "/async")) == b"done"
    assert constructors.made == ["synchronous", "asynchronous"]


def test_middleware_with_differing_modes_gets_only_the_async_chain(make, settings):
    settings.MIDDLEWARE = [f"{HERE}.SaysItsMode"]
    handler = make()

    assert body_of(ask(handler, "/sync")) == b"done"
    assert constructors.made == ["asynchronous"]


def test_behind_a_tools_wrapper_only_the_asgi_handlers_chain_is_made(make, settings, listed):
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]
    asgi_handler = OneHopASGIHandler(threads=1)

    async def wrapped(scope, receive, send):
        await asgi_handler(scope, receive, send)

    handler = make(wrapped, asgi_handler)

    assert constructors.made == ["synchronous"]
    assert body_of(ask(handler, "/sync")) == b"done"
    assert constructors.made == ["synchronous"]


def test_behind_a_patched_entry_only_the_asgi_handlers_chain_is_made(make, settings, listed, monkeypatch):
    original = ASGIHandler.__call__

    async def patched(self, *args):
        await original(self, *args)

    monkeypatch.setattr(ASGIHandler, "__call__", patched)
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]
    handler = make()

    assert body_of(ask(handler, "/sync")) == b"done"
    assert constructors.made == ["synchronous"]


@pytest.mark.parametrize("target", ["/sync", "/async"])
def test_a_chain_that_failed_in_the_init_phase_is_made_later(make, settings, caplog, target):
    settings.MIDDLEWARE = [f"{HERE}.Fails"]
    constructors.failing.append(ConnectionError("the service is down"))
    handler = make()

    assert "cannot build the middleware chain yet" in caplog.text
    assert status_of(ask(handler, target)) == 500
    constructors.failing.clear()
    assert body_of(ask(handler, target)) == b"done"
