"""Under ATOMIC_REQUESTS, a limited view's transaction begins after the request was counted."""

import asyncio
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import Group
from django.core.handlers.asgi import ASGIHandler
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from django_runtimes import throttle
from django_runtimes.cli.ports import free_port
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.stores.counters.process_counter import forget_counters
from django_runtimes.throttling import counting
from django_runtimes.throttling.exhausted import ExhaustedCounters
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of
from tests.integration.serving.one_hop.exchange import exchange
from tests.integration.serving.one_hop.strategy import database  # noqa: F401  (a fixture)

_DAY_S = 86_400
Ask = Callable[[str], tuple[int, bytes]]


def state(request) -> HttpResponse:
    return HttpResponse(f"{connection.in_atomic_block}, {len(connection.savepoint_ids)} savepoints")


def queries(view):
    def queried(request):
        return HttpResponse(f"{connection.in_atomic_block} above, {view(request).text}")

    return queried


plain = throttle("1/d", name="plain")(state)
once_more = throttle("9/d", name="outer")(throttle("1/d", name="inner")(state))
exempt = csrf_exempt(require_GET(throttle("1/d", name="exempt")(state)))
opted_out = transaction.non_atomic_requests(throttle("9/d", name="out")(state))
below = queries(throttle("9/d", name="below")(state))


@throttle("1/d")
class Whole(View):
    def get(self, request):
        return state(request)


class Child(Whole):
    pass


@throttle("1/d")
@transaction.non_atomic_requests
async def awaited(request):
    return HttpResponse("served")


@throttle("9/d")
async def refused_by_django(request):
    return HttpResponse("served")


@throttle("9/d")
def fails(request):
    Group.objects.create(name="unwanted")
    raise ValueError("fails")


urlpatterns = [
    path("plain", plain),
    path("once_more", once_more),
    path("exempt", exempt),
    path("opted_out", opted_out),
    path("below", below),
    path("whole", Whole.as_view()),
    path("child", Child.as_view()),
    path("exempt_class", csrf_exempt(Whole.as_view())),
    path("awaited", awaited),
    path("refused_by_django", refused_by_django),
    path("fails", fails),
]


@async_only_middleware
def async_only(get_response):
    async def answer(request):
        return await get_response(request)

    return answer


@pytest.fixture(autouse=True)
def _project(settings, monkeypatch, tmp_path, database):  # noqa: F811  (the imported fixture)
    """Serve this module's views under ATOMIC_REQUESTS, with empty counters."""
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.TEMPLATES = __name__, [], []
    settings.STATIC_ROOT = tmp_path
    database.update(ATOMIC_REQUESTS=True, CONN_MAX_AGE=0)
    database["OPTIONS"].pop("pool", None)
    forget_counters()
    monkeypatch.setattr(counting, "_exhausted", ExhaustedCounters())
    # No test's window ends at midnight.
    noon_s = time.time() // _DAY_S * _DAY_S + _DAY_S / 2
    monkeypatch.setattr(counting, "time", SimpleNamespace(time=lambda: noon_s))
    yield
    forget_counters()


@pytest.fixture(params=["in one hop", "natively", "on Lambda"])
def ask(request, settings) -> Iterator[Ask]:
    """Return a function that sends a request to each of the handlers and returns the status and the body."""
    if request.param == "on Lambda":
        function = DirectLambdaHandler()

        def ask_function(target: str) -> tuple[int, bytes]:
            reply = function(event_of("http_api_v2", "GET", target), CONTEXT)
            return status_of(reply), body_of(reply)

        yield ask_function
        function.close()
        return
    settings.MIDDLEWARE = [f"{__name__}.async_only"] if request.param == "natively" else []
    handler = OneHopASGIHandler(threads=2)
    with asyncio.Runner() as runner:

        def ask_server(target: str) -> tuple[int, bytes]:
            reply = runner.run(exchange(handler, "GET", target))
            return reply.status, reply.body

        yield ask_server
        handler.close()


@pytest.mark.parametrize("view", ["plain", "once_more", "exempt", "whole", "child", "exempt_class", "awaited"])
def test_a_refused_request_needs_no_database(ask, database, django_db_blocker, view):  # noqa: F811
    database.update(HOST="127.0.0.1", PORT=free_port())
    with django_db_blocker.unblock():
        statuses = [ask(f"/{view}")[0] for _ in range(3)]

    assert statuses == [200 if view == "awaited" else 503, 429, 429]


async def test_djangos_handler_begins_the_transaction_first(database, django_db_blocker):  # noqa: F811
    database.update(HOST="127.0.0.1", PORT=free_port())
    with django_db_blocker.unblock():
        replies = [await exchange(ASGIHandler(), "GET", "/plain") for _ in range(2)]

    assert [reply.status for reply in replies] == [503, 503]


@pytest.mark.django_db(transaction=True)
def test_a_served_view_runs_in_one_transaction(ask):
    views = ["plain", "once_more", "exempt", "whole", "opted_out", "below", "fails"]

    assert {view: ask(f"/{view}") for view in views} == {
        **dict.fromkeys(views[:4], (200, b"True, 0 savepoints")),
        "opted_out": (200, b"False, 0 savepoints"),
        "below": (200, b"True above, True, 0 savepoints"),
        "fails": (500, ANY),
    }
    assert not Group.objects.exists()


def test_an_asynchronous_view_without_the_opt_out_is_refused_as_by_django(ask):
    assert ask("/refused_by_django")[0] == 500
