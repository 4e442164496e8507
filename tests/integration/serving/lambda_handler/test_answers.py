"""A reply has content only if its status allows it, and HEAD does not consume a stream."""

import asyncio
import itertools

import pytest
from django.http import HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, status_of

made: list[int] = []
ended: list[str] = []


def endless():
    for number in itertools.count():
        made.append(number)
        yield b"x"


async def aendless():
    for number in itertools.count():
        made.append(number)
        yield b"x"


CONTENTS = {
    "204": lambda: HttpResponse("deleted", status=204),
    "205": lambda: HttpResponse("reset", status=205),
    "304": lambda: HttpResponse("not modified", status=304),
    "not_modified": lambda: HttpResponseNotModified(headers={"ETag": '"1"'}),
    "100": lambda: HttpResponse("go on", status=100),
    "101": lambda: HttpResponse("switch", status=101),
    "103": lambda: HttpResponse("hint", status=103),
    "coding": lambda: HttpResponse("hello", headers={"Transfer-Encoding": "gzip, chunked"}),
    "connection": lambda: HttpResponse("hello", headers={"Connection": "content-length"}),
    "short": lambda: HttpResponse("hello", headers={"Content-Length": "3"}),
    "long": lambda: HttpResponse("hello", headers={"Content-Length": "9"}),
    "signed": lambda: HttpResponse("hello", headers={"Content-Length": "+5"}),
    "endless": lambda: StreamingHttpResponse(endless()),
    "aendless": lambda: StreamingHttpResponse(aendless()),
    "endless_204": lambda: StreamingHttpResponse(endless(), status=204),
}


def respond(request, name):
    return CONTENTS[name]()


async def arespond(request, name):
    return CONTENTS[name]()


urlpatterns = [path("sync/<name>", respond), path("async/<name>", arespond)]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@pytest.fixture(autouse=True)
def _reset_records():
    made.clear()
    ended.clear()


def header(reply, name):
    headers = reply.get("multiValueHeaders") or reply["headers"]
    return next((value for key, value in headers.items() if key.lower() == name), None)


@WAYS
@pytest.mark.parametrize("name", ["204", "205", "304", "not_modified", "endless_204"])
@pytest.mark.parametrize("front", FRONTS)
def test_a_status_without_content_has_no_body(ours, front, name, way):
    reply = ours(event_of(front, "GET", f"{way}/{name}"))

    assert body_of(reply) == b""
    assert (header(reply, "content-length") is None) == (name != "205")
    assert made == []


def test_mangum_sends_the_body_of_a_204(mangum):
    reply = mangum(event_of("http_api_v2", "GET", "/async/204"))

    assert (status_of(reply), body_of(reply)) == (204, b"deleted")


@WAYS
@pytest.mark.parametrize("name", ["100", "101", "103", "signed"])
def test_an_unsendable_response_is_an_error(ours, caplog, name, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (status_of(reply), body_of(reply)) == (500, b"Internal Server Error")
    assert "the response cannot be sent" in caplog.messages


@WAYS
@pytest.mark.parametrize(("name", "removed"), [("coding", "transfer-encoding"), ("connection", "connection")])
def test_hop_by_hop_headers_are_dropped(ours, name, removed, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (body_of(reply), header(reply, removed)) == (b"hello", None)


@WAYS
@pytest.mark.parametrize("name", ["short", "long"])
def test_a_wrong_content_length_is_corrected(ours, caplog, name, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (body_of(reply), header(reply, "content-length")) == (b"hello", "5")
    assert any("the content has 5 bytes" in message for message in caplog.messages)


@WAYS
@pytest.mark.parametrize("name", ["endless", "aendless"])
def test_head_does_not_consume_a_stream(ours, name, way):
    reply = ours(event_of("http_api_v2", "HEAD", f"{way}/{name}"))

    assert (status_of(reply), body_of(reply), made) == (200, b"", [])


def composed(listens):
    """Return an ASGI application whose stream ends on a disconnect if it `listens`, and otherwise never."""

    async def application(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-name", b"feed")]})
        leaving = asyncio.ensure_future(receive())
        try:
            while not (listens and leaving.done()):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            leaving.cancel()
            ended.append("feed")

    return application


@pytest.mark.parametrize("listens", [True, False])
def test_head_ends_the_stream_of_an_asgi_application(listens):
    handler = DirectLambdaHandler(composed(listens))
    try:
        reply = handler(event_of("http_api_v2", "HEAD", "/feed"), CONTEXT)
    finally:
        handler.close()

    assert (status_of(reply), body_of(reply), header(reply, "x-name")) == (200, b"", "feed")
    assert ended == ["feed"]
