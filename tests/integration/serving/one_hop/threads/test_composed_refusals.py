"""A request to an application around Django's handler gets 503 if its call gets no thread in time."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.composed_requests import ComposedRequests
from tests.integration.serving.one_hop.exchange import Exchange, exchange

barrier = None
urlpatterns = []


async def calls(scope, receive, send):
    await sync_to_async(barrier.stop)()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"called"})


async def begins_and_calls(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await sync_to_async(barrier.stop)()


async def calls_in_group(scope, receive, send):
    async with asyncio.TaskGroup() as group:
        group.create_task(calls(scope, receive, send))


async def endpoint(request):
    await sync_to_async(barrier.stop)()
    return PlainTextResponse("called")


async def broken_endpoint(request):
    raise ValueError("broken")


async def handles_itself(request, error):
    return PlainTextResponse("later", status_code=429)


async def hands_on(request, call_next):
    return await call_next(request)


def starlette(**options):
    routes = [Route("/", endpoint), Route("/broken", broken_endpoint)]
    return Starlette(routes=routes, **options)


@pytest.fixture
async def crowd(one_hop, barrier):
    """Return a function that composes an application whose only thread is held."""
    holding = []

    async def make(application):
        django = one_hop(max_native=1)
        django.leases.max_wait_s = 0.01
        composed = ComposedRequests(calls, django)
        holding.append(Exchange(composed, "GET", "/").start())
        await barrier.reached()
        composed._application = application
        return composed

    yield make
    barrier.open()
    for one in holding:
        await one.finish()


async def handshake(application, *, accepts):
    """Open a websocket that makes a call before or after it is accepted; return the messages that its client gets."""

    async def serve(scope, receive, send):
        if accepts:
            await send({"type": "websocket.accept"})
        await sync_to_async(barrier.stop)()

    application._application = serve
    websocket = Exchange(application, "GET", "/", type="websocket", extensions={"websocket.http.response": {}})
    await websocket.start().finish()
    return websocket.messages


APPLICATIONS = {
    "plain": calls,
    "in a group": calls_in_group,
    "Starlette": starlette(),
    "behind BaseHTTPMiddleware": starlette(middleware=[Middleware(BaseHTTPMiddleware, dispatch=hands_on)]),
}


@pytest.mark.parametrize("application", APPLICATIONS.values(), ids=APPLICATIONS)
async def test_a_refused_request_gets_503(crowd, application):
    composed = await crowd(application)

    answer = await exchange(composed, "GET", "/")

    assert (answer.status, answer.header("retry-after")) == (503, "1")
    assert answer.body == b"Service Unavailable: too many requests wait for a thread\n"


async def test_an_application_may_respond_to_its_refusal_itself(crowd):
    composed = await crowd(starlette(exception_handlers={OverloadedError: handles_itself}))

    assert (await exchange(composed, "GET", "/")).status == 429


async def test_a_refusal_after_the_responses_start_breaks_the_response(crowd):
    refused = Exchange(await crowd(begins_and_calls), "GET", "/").start()

    with pytest.raises(Exception, match="no thread for streams became free"):
        await refused.finish()
    assert [message.get("status") for message in refused.messages] == [200]


async def test_other_errors_are_raised_by_the_application(crowd):
    composed = await crowd(starlette())
    broken = Exchange(composed, "GET", "/broken").start()

    with pytest.raises(ValueError, match="broken"):
        await broken.finish()
    assert broken.messages[0]["status"] == 500


async def test_a_refused_websocket_is_closed_with_1013(crowd):
    messages = await handshake(await crowd(None), accepts=True)

    assert messages[1:] == [{"type": "websocket.close", "code": 1013, "reason": "try again later"}]


async def test_a_websocket_refused_before_its_accept_gets_503(crowd):
    start, body = await handshake(await crowd(None), accepts=False)

    assert (start["type"], start["status"]) == ("websocket.http.response.start", 503)
    assert (b"Retry-After", b"1") in start["headers"]
    assert body["type"] == "websocket.http.response.body"
