"""Failures that no handler500 can answer: in a response that has begun, and before Django gets the request."""

import asyncio
import json
import threading
from functools import partial

import pytest
from django.http import HttpResponse
from django.urls import include, path

from django_runtimes.outages.outage import OVERLOADED
from django_runtimes.outages.responses import outage_response
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from tests.integration.outages import urls
from tests.integration.outages.on_lambda import reply_on_lambda
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

_BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
held, released = threading.Event(), threading.Event()


def hold(request):
    held.set()
    released.wait(60)
    return HttpResponse("held")


urlpatterns = [path("hold", hold), path("", include(urls))]


@pytest.fixture(autouse=True)
def _urls(settings) -> None:
    settings.ROOT_URLCONF = __name__


async def test_a_stream_whose_connection_is_lost_is_cut_off(database):
    handler = OneHopASGIHandler(threads=1)
    streamed = Exchange(handler, "GET", "/stream").start()

    with pytest.raises(Exception, match=r"terminating connection|server closed the connection"):
        await streamed.finish()
    await asyncio.to_thread(handler.close)

    # Without a last message, the server closes the client's connection.
    assert streamed.messages[0]["status"] == 200
    assert streamed.body == b"first"
    assert streamed.messages[-1]["more_body"] is True


def test_on_lambda_a_failed_stream_gives_500(database, caplog):
    reply = reply_on_lambda("/stream")

    assert (reply["statusCode"], reply["body"]) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/hold", b"application/json", "application/json"),
        ("/api/entries", b"*/*", "application/json"),
        ("/hold", _BROWSER, "text/html; charset=utf-8"),
        ("/hold", b"*/*", "text/plain; charset=utf-8"),
    ],
)
async def test_an_overload_response_has_the_accepted_format(path, accept, content_type):
    handler = OneHopASGIHandler(threads=1, max_waiting=0, refuse=partial(outage_response, outage=OVERLOADED))
    held.clear()
    released.clear()
    inside = Exchange(handler, "GET", "/hold").start()
    await eventually(held.is_set)

    refused = await exchange(handler, "GET", path, headers=[(b"accept", accept)])
    released.set()
    await inside.finish()
    await asyncio.to_thread(handler.close)

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert (refused.header("Content-Type"), refused.header("Vary")) == (content_type, "Accept")
    if content_type == "application/json":
        assert json.loads(refused.body)["error"]["code"] == "overloaded"
