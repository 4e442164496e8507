"""A reply has content where its status can have it, and a stream is not made for HEAD."""

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


def of_content(request, name):
    return CONTENTS[name]()


async def aof_content(request, name):
    return CONTENTS[name]()


urlpatterns = [path("sync/<name>", of_content), path("async/<name>", aof_content)]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@pytest.fixture(autouse=True)
def _nothing_made():
    made.clear()
    ended.clear()


def header(reply, name):
    headers = reply.get("multiValueHeaders") or reply["headers"]
    return next((value for key, value in headers.items() if key.lower() == name), None)


@WAYS
@pytest.mark.parametrize("name", ["204", "205", "304", "not_modified", "endless_204"])
@pytest.mark.parametrize("front", FRONTS)
def test_a_status_without_content_has_none(ours, front, name, way):
    reply = ours(event_of(front, "GET", f"{way}/{name}"))

    assert body_of(reply) == b""
    assert (header(reply, "content-length") is None) == (name != "205")
    assert made == []


def test_mangum_hands_it_on(mangum):
    reply = mangum(event_of("http_api_v2", "GET", "/async/204"))

    assert (status_of(reply), body_of(reply)) == (204, b"deleted")


@WAYS
@pytest.mark.parametrize("name", ["100", "101", "103", "signed"])
def test_what_no_server_could_send_is_an_error(ours, caplog, name, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (status_of(reply), body_of(reply)) == (500, b"Internal Server Error")
    assert "a response that cannot be sent" in caplog.messages


@WAYS
@pytest.mark.parametrize(("name", "removed"), [("coding", "transfer-encoding"), ("connection", "connection")])
def test_the_connection_is_the_fronts(ours, name, removed, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (body_of(reply), header(reply, removed)) == (b"hello", None)


@WAYS
@pytest.mark.parametrize("name", ["short", "long"])
def test_a_length_is_the_contents(ours, caplog, name, way):
    reply = ours(event_of("http_api_v2", "GET", f"{way}/{name}"))

    assert (body_of(reply), header(reply, "content-length")) == (b"hello", "5")
    assert any("the content has 5 bytes" in message for message in caplog.messages)


@WAYS
@pytest.mark.parametrize("name", ["endless", "aendless"])
def test_a_stream_is_not_made_for_head(ours, name, way):
    reply = ours(event_of("http_api_v2", "HEAD", f"{way}/{name}"))

    assert (status_of(reply), body_of(reply), made) == (200, b"", [])


def composed(listens):
    """An application beside Django's, whose stream ends only when its client leaves."""

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
def test_a_stream_beside_django_ends_with_its_head(listens):
    handler = DirectLambdaHandler(composed(listens))
    try:
        reply = handler(event_of("http_api_v2", "HEAD", "/feed"), CONTEXT)
    finally:
        handler.close()

    assert (status_of(reply), body_of(reply), header(reply, "x-name")) == (200, b"", "feed")
    assert ended == ["feed"]
