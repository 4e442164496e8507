"""Each middleware chain is made once, outside event loops, and early where possible."""

import asyncio
import functools
import json
from types import TracebackType

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.asgi.chains.awaited_chain import MiddlewareConstructionError, MiddlewareOverdueError
from django_runtimes.serving.health import HealthChecks
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


def _tracebacks(error: BaseException | None):
    """Yield every entry of the error's traceback and of those that it is chained to."""
    while error is not None:
        entry: TracebackType | None = error.__traceback__
        while entry is not None:
            yield entry
            entry = entry.tb_next
        error = error.__cause__ or error.__context__


def _frame_count(error):
    return len(list(_tracebacks(error)))


def _cookies_in(error):
    """Return the cookies that an error tracker finds in the variables of the error's frames."""
    scopes = [
        value
        for entry in _tracebacks(error)
        for value in entry.tb_frame.f_locals.values()
        if isinstance(value, dict) and "headers" in value
    ]
    return {value for scope in scopes for name, value in scope["headers"] if name == b"cookie"}


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
@pytest.mark.parametrize("error", [ConnectionError("away"), StopIteration("away"), SystemExit("away")])
async def test_a_failed_construction_fails_its_requests_and_the_next_retries(one_hop, settings, way, error):
    use(settings, "Fails")
    handler = one_hop()
    constructors.failing.append(error)

    requests = [Exchange(handler, "GET", way).start() for _ in range(3)]
    await eventually(constructors.is_waiting.is_set)
    constructors.may_go_on.set()
    for request in requests:
        with pytest.raises(MiddlewareConstructionError, match=f"{type(error).__name__}: away"):
            await request.finish()
    made_at_once = len(constructors.made)
    constructors.failing.clear()

    assert made_at_once == 1
    assert (await exchange(handler, "GET", way)).body == b"done"
    assert len(constructors.made) == 2


@WAYS
async def test_a_construction_error_shows_no_other_request(one_hop, settings, way):
    use(settings, "Fails")
    handler = one_hop()
    constructors.failing.append(ConnectionError("away"))
    cookies = [f"sessionid={n}".encode() for n in range(4)]
    requests = [Exchange(handler, "GET", way, headers=[(b"cookie", cookie)]).start() for cookie in cookies]
    await eventually(constructors.is_waiting.is_set)

    constructors.may_go_on.set()
    errors = await asyncio.gather(*(request.task for request in requests), return_exceptions=True)

    assert [_cookies_in(error) for error in errors] == [{cookie} for cookie in cookies]
    assert len({_frame_count(error) for error in errors}) == 1


@WAYS
async def test_a_failed_construction_logs_its_traceback_once(one_hop, settings, caplog, way):
    use(settings, "Fails")
    handler = one_hop()
    constructors.failing.append(ConnectionError("away"))
    requests = [Exchange(handler, "GET", way).start() for _ in range(3)]
    await eventually(constructors.is_waiting.is_set)

    constructors.may_go_on.set()
    await asyncio.gather(*(request.task for request in requests), return_exceptions=True)

    assert caplog.text.count("cannot build the middleware chain; the next request that needs it tries again") == 1
    assert caplog.text.count("in set_up\n") == 1
    assert caplog.text.count("ConnectionError: away") == 1


@WAYS
async def test_requests_wait_for_a_construction_for_a_limited_time(one_hop, settings, way):
    use(settings, "Waits")
    handler = one_hop(max_wait_s=0.05)

    refused = [await exchange(handler, "GET", way) for _ in range(3)]
    attempt = handler._sync_chain._attempt or handler._native._attempt
    left_behind = len(attempt._done_callbacks)
    constructors.may_go_on.set()
    await eventually(attempt.done)

    assert [(reply.status, reply.header("Retry-After")) for reply in refused] == [(503, "1")] * 3
    assert left_behind == 1
    assert (await exchange(handler, "GET", way)).body == b"done"
    assert len(constructors.made) == 1


@WAYS
async def test_a_limited_number_of_requests_waits_for_a_construction(one_hop, settings, way):
    use(settings, "Waits")
    handler = one_hop(threads=1, max_native=1, max_waiting=2)
    waiting = [Exchange(handler, "GET", way).start() for _ in range(3)]
    await eventually(constructors.is_waiting.is_set)

    refused = await exchange(handler, "GET", way)
    constructors.may_go_on.set()

    assert refused.status == 503
    assert [(await request.reply()).body for request in waiting] == [b"done"] * 3


@WAYS
async def test_an_overdue_construction_makes_the_process_unready(one_hop, settings, way):
    use(settings, "Waits")
    handler = one_hop(max_wait_s=0.05)
    application = HealthChecks(check_readiness=handler.check_chains, timeout_s=60).before(handler)
    assert (await exchange(application, "GET", "/readyz")).status == 200

    assert (await exchange(application, "GET", way)).status == 503
    await asyncio.sleep(0.01)
    unready, alive = [await exchange(application, "GET", path) for path in ("/readyz", "/healthz")]
    constructors.may_go_on.set()
    await eventually(lambda: (handler._sync_chain.made or handler._native.made) is not None)

    assert (unready.status, json.loads(unready.body)["reason"]) == (503, MiddlewareOverdueError.__name__)
    assert alive.status == 200
    assert (await exchange(application, "GET", "/readyz")).status == 200


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
