"""Each middleware chain is made once, outside event loops, and early where possible."""

import asyncio
import functools

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.middleware import constructors
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

HERE = constructors.__name__
WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
DATABASE = pytest.mark.django_db(transaction=True)
barrier = None


def view(request):
    return HttpResponse("done")


async def aview(request):
    return HttpResponse("done")


async def aheld(request):
    await barrier.astop()
    return HttpResponse("done")


urlpatterns = [path("sync", view), path("async", aview), path("held", aheld)]


@pytest.fixture(autouse=True)
def _reset():
    constructors.reset()
    yield
    constructors.may_go_on.set()


def use(settings, name):
    settings.MIDDLEWARE = [f"{HERE}.{name}"]


@DATABASE
@WAYS
@pytest.mark.parametrize("name", ["Queries", "RunsACoroutine"])
@pytest.mark.usefixtures("pooled")
async def test_constructors_may_query_and_run_coroutines(one_hop, settings, opened_connections, way, name):
    use(settings, name)
    handler = one_hop()

    assert [(await exchange(handler, "GET", way)).body for _ in range(2)] == [b"done"] * 2
    assert constructors.made == ["without a loop"]
    assert [wrapper.connection for wrapper in opened_connections] == [None] * len(opened_connections) != []


@WAYS
async def test_a_constructor_that_waits_does_not_block_the_loop(one_hop, settings, way):
    use(settings, "Waits")
    handler = one_hop()
    requests = [Exchange(handler, "GET", way).start() for _ in range(5)]

    await eventually(constructors.is_waiting.is_set)
    constructors.may_go_on.set()

    assert [(await request.reply()).body for request in requests] == [b"done"] * 5
    assert constructors.made == ["without a loop"]


@WAYS
async def test_a_disconnect_does_not_end_the_construction(one_hop, settings, way):
    use(settings, "Waits")
    handler = one_hop()
    requests = [Exchange(handler, "GET", way).start() for _ in range(2)]
    await eventually(constructors.is_waiting.is_set)

    requests[0].task.cancel()
    await asyncio.gather(requests[0].task, return_exceptions=True)
    constructors.may_go_on.set()

    assert (await requests[1].reply()).body == b"done"
    assert len(constructors.made) == 1


@WAYS
@pytest.mark.parametrize("error", [ConnectionError("away"), StopIteration("end"), SystemExit(1)])
async def test_requests_share_a_failed_construction_and_the_next_request_retries(one_hop, settings, way, error):
    use(settings, "Fails")
    handler = one_hop()
    constructors.failing.append(error)

    requests = [Exchange(handler, "GET", way).start() for _ in range(3)]
    await eventually(constructors.is_waiting.is_set)
    constructors.may_go_on.set()
    for request in requests:
        with pytest.raises(Exception, match=r"away|StopIteration|SystemExit"):
            await request.finish()
    made_at_once = len(constructors.made)
    constructors.failing.clear()

    assert made_at_once == 1
    assert (await exchange(handler, "GET", way)).body == b"done"
    assert len(constructors.made) == 2


async def test_a_refused_request_makes_no_chain(one_hop, settings, barrier):
    use(settings, "SaysItsMode")
    handler = one_hop(threads=1, max_native=1, max_waiting=0)
    held = Exchange(handler, "GET", "/held").start()
    await barrier.reached()

    refused = await exchange(handler, "GET", "/async")
    barrier.open()

    assert (refused.status, (await held.reply()).body) == (503, b"done")
    assert constructors.made == ["asynchronous"]


def test_the_chain_is_made_early_where_no_loop_runs(one_hop, settings, listed):
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]
    handler = one_hop()

    handler.make_chain_early()
    early = list(constructors.made)
    for way in ("/sync", "/async", "/sync"):
        assert asyncio.run(exchange(handler, "GET", way)).body == b"done"

    assert early == ["synchronous"]
    assert constructors.made == ["synchronous", "asynchronous"]


def test_only_the_asynchronous_chain_is_made_where_all_requests_need_it(one_hop, settings):
    use(settings, "SaysItsMode")
    handler = one_hop()

    handler.make_chain_early()
    for way in ("/sync", "/async"):
        assert asyncio.run(exchange(handler, "GET", way)).body == b"done"

    assert constructors.made == ["asynchronous"]


def test_a_patched_handler_makes_the_asynchronous_chain(one_hop, settings, listed, monkeypatch):
    original = ASGIHandler.read_body
    monkeypatch.setattr(ASGIHandler, "read_body", functools.partialmethod(original))
    settings.MIDDLEWARE = [listed(f"{HERE}.SaysItsMode")]

    one_hop().make_chain_early()

    assert constructors.made == ["asynchronous"]


async def test_in_a_loop_the_first_request_makes_the_chain(one_hop, settings):
    use(settings, "Waits")

    one_hop().make_chain_early()

    assert constructors.made == []


def test_a_chain_that_failed_at_the_start_is_made_later(one_hop, settings, caplog):
    use(settings, "Fails")
    constructors.failing.append(ConnectionError("the service is down"))
    constructors.may_go_on.set()
    handler = one_hop()

    handler.make_chain_early()
    constructors.failing.clear()

    assert "cannot build the middleware chain yet" in caplog.text
    assert "the service is down" in caplog.text
    assert asyncio.run(exchange(handler, "GET", "/sync")).body == b"done"


@DATABASE
@pytest.mark.parametrize("strategy", ["pooled", "persistent", "per_request"])
@pytest.mark.parametrize("name", ["Queries", "LeavesATransaction", "LeavesSessionState"])
def test_connections_that_a_constructor_opens_are_closed(
    one_hop, settings, request, opened_connections, strategy, name
):
    request.getfixturevalue(strategy)
    use(settings, name)

    one_hop().make_chain_early()

    assert constructors.made == ["without a loop"]
    assert [wrapper.connection is None or wrapper.connection.closed for wrapper in opened_connections] == [True]
    assert not connections["default"].in_atomic_block


@DATABASE
@pytest.mark.usefixtures("persistent")
def test_a_connection_opened_earlier_stays_open(one_hop, settings):
    connections["default"].ensure_connection()
    use(settings, "Queries")

    one_hop().make_chain_early()

    assert connections["default"].is_usable()
