"""A handler that rests before a snapshot, and serves again after a restore."""

import asyncio

from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.entrypoints.test_aws_lambda import CONTEXT, load_event

urlpatterns = [path("basket", lambda request: HttpResponse(request.get_host()))]


def composed(order: list[str]):
    """Return an application that notes its lifespan, and the event loop that it runs on."""

    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                order.append(event)
                await send({"type": f"lifespan.{event}.complete"})
            return
        order.append(str(id(asyncio.get_running_loop())))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return application


def test_a_composed_application_rests_during_the_snapshot():
    order: list[str] = []
    handler = DirectLambdaHandler(composed(order), is_composed=True)
    event = load_event("http_api_v2")
    before = handler(event, CONTEXT)["statusCode"]
    loop = handler._responses.loop.get()
    handler.rest()
    rested = list(order)
    handler.resume()
    after = handler(event, CONTEXT)["statusCode"]
    handler.end_lifespan(1)
    handler.close()

    assert (before, after) == (204, 204)
    assert [each for each in rested if each.isalpha()] == ["startup", "shutdown"]
    assert loop.is_closed()
    assert [each for each in order if each.isalpha()] == ["startup", "shutdown", "startup", "shutdown"]


def test_a_page_can_be_requested_without_an_event():
    handler = DirectLambdaHandler()
    statuses = [handler.warm("/basket", host) for host in ("testserver", "other.example")]
    handler.close()

    assert statuses == [200, 400]
