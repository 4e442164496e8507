"""Our handler replies to every front's events as Mangum around Django's own handler does."""

import asyncio
from io import BytesIO

import pytest
from django.core.signals import request_finished, request_started
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, status_of

IMAGE = bytes(range(256))


def described_as_json(request):
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "query": list(request.GET.lists()),
            "headers": dict(request.headers),
            "cookies": request.COOKIES,
            "client": request.META["REMOTE_ADDR"],
            "url": request.build_absolute_uri(),
            "body": request.body.decode(),
            "event": request.scope["aws.event"] is not None,
            "request id": request.scope["aws.context"].aws_request_id,
        }
    )


@csrf_exempt
def described(request):
    return described_as_json(request)


@csrf_exempt
async def adescribed(request):
    return described_as_json(request)


async def letters():
    for letter in (b"a", b"b"):
        await asyncio.sleep(0)
        yield letter


def with_cookies():
    response = HttpResponse("cookies")
    response.set_cookie("first", "1", samesite="Lax")
    response.set_cookie("second", "ø", httponly=True)
    response["Vary"] = "Cookie"
    return response


def missing():
    raise Http404


def broken():
    raise ValueError("broken")


CONTENTS = {
    "text": lambda: HttpResponse("Bjørn €"),
    "image": lambda: HttpResponse(IMAGE, content_type="image/png"),
    "bad_text": lambda: HttpResponse(b"\xff\xfe", content_type="text/plain"),
    "large": lambda: HttpResponse(IMAGE * 12_000, content_type="application/octet-stream"),
    "empty": HttpResponse,
    "no_content": lambda: HttpResponse(status=204),
    "not_modified": lambda: HttpResponseNotModified(headers={"ETag": '"1"'}),
    "cookies": with_cookies,
    "latin": lambda: HttpResponse("", headers={"X-Name": "Bjørn"}),
    "beyond_latin": lambda: HttpResponse("", headers={"X-Price": "5 €"}),
    "file": lambda: FileResponse(BytesIO(IMAGE), as_attachment=True, filename="naïve.png"),
    "sync_stream": lambda: StreamingHttpResponse(iter([b"a", "b"])),
    "async_stream": lambda: StreamingHttpResponse(letters()),
    "missing": missing,
    "broken": broken,
}


def respond(request, name):
    return CONTENTS[name]()


async def arespond(request, name):
    return CONTENTS[name]()


def breaking():
    yield b"first"
    raise ValueError("in the stream")


async def abreaking():
    yield b"first"
    raise ValueError("in the stream")


def stream(request):
    return StreamingHttpResponse(breaking())


async def astream(request):
    return StreamingHttpResponse(abreaking())


def mixed_stream(request):
    return StreamingHttpResponse(abreaking())


urlpatterns = [
    path("sync/stream", stream),
    path("async/stream", astream),
    path("mixed/stream", mixed_stream),
    path("sync/described", described),
    path("async/described", adescribed),
    path("sync/<name>", respond),
    path("async/<name>", arespond),
]

EVERY_FRONT = pytest.mark.parametrize("front", FRONTS)
WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
STREAMS = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")


@WAYS
@EVERY_FRONT
def test_a_request_arrives_whole(both, front, way):
    reply = both(
        event_of(
            front,
            "POST",
            f"{way}/described",
            query={"name": ["Bjørn", "a b&c"], "empty": [""]},
            headers={"content-type": "text/plain; charset=utf-8", "x-color": "red"},
            cookies=("a=1", "b=2"),
            body="Bjørn €".encode(),
        )
    )

    assert status_of(reply) == 200
    for part in (b'"POST"', b'"X-Color": "red"', b'"a": "1", "b": "2"', b'"Bj\\u00f8rn \\u20ac"', b'"c6af9ac6"'):
        assert part in body_of(reply)


@STREAMS
@WAYS
@pytest.mark.parametrize("name", [name for name in CONTENTS if name not in {"latin", "no_content", "not_modified"}])
def test_every_kind_of_response_equals_mangums(both, way, name):
    both(event_of("http_api_v2", "GET", f"{way}/{name}"))


@WAYS
def test_a_non_ascii_header_is_sent_as_text(ours, mangum, way):
    event = event_of("http_api_v2", "GET", f"{way}/latin")

    with pytest.raises(UnicodeDecodeError):
        mangum(event)
    assert ours(event)["headers"]["x-name"] == "Bjørn"


@WAYS
@EVERY_FRONT
@pytest.mark.parametrize("name", ["text", "cookies"])
def test_replies_have_the_shape_of_their_front(both, front, way, name):
    if (front, name) == ("lambda_at_edge", "cookies"):
        # Mangum keeps only the last of several headers; see test_every_cookie_reaches_the_edge.
        return
    both(event_of(front, "GET", f"{way}/{name}"))


@EVERY_FRONT
def test_binary_bodies_are_sent_as_base64(both, front):
    reply = both(event_of(front, "GET", "/sync/image"))

    assert reply["isBase64Encoded"] is True
    assert body_of(reply) == IMAGE


@WAYS
@pytest.mark.parametrize("front", ["http_api_v2", "function_url"])
def test_cookies_have_their_own_list(ours, front, way):
    reply = ours(event_of(front, "GET", f"{way}/cookies"))

    assert [cookie.split(";")[0] for cookie in reply["cookies"]] == ["first=1", 'second="\\370"']


@STREAMS
@WAYS
@pytest.mark.parametrize("name", ["sync_stream", "async_stream"])
def test_the_chunks_of_a_stream_are_joined(ours, way, name):
    assert body_of(ours(event_of("http_api_v2", "GET", f"{way}/{name}"))) == b"ab"


@WAYS
@pytest.mark.parametrize("name", ["text", "image", "missing"])
def test_head_is_answered_as_mangum_answers_it(both, way, name):
    both(event_of("load_balancer", "HEAD", f"{way}/{name}"))


@WAYS
def test_large_bodies_pass_in_both_directions(both, way):
    upload = event_of("http_api_v2", "POST", f"{way}/described", body=b"x" * 2_000_000)

    assert body_of(both(upload)).count(b"x") >= 2_000_000
    assert body_of(both(event_of("http_api_v2", "GET", f"{way}/large"))) == IMAGE * 12_000


@WAYS
def test_a_body_beyond_djangos_limit_is_a_bad_request(both, settings, way):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert status_of(both(event_of("http_api_v2", "POST", f"{way}/described", body=b"x" * 11))) == 400


@WAYS
def test_a_query_with_invalid_utf_8_is_served(both, way):
    event = event_of("http_api_v2", "GET", f"{way}/described")
    event["rawQueryString"] = "name=%FF"

    assert status_of(both(event)) == 200


@EVERY_FRONT
def test_an_unknown_path_is_not_found(both, front):
    assert status_of(both(event_of(front, "GET", "/nowhere/at/all"))) == 404


@EVERY_FRONT
def test_an_unknown_host_is_refused(both, front):
    headers = {"Host" if front in {"http_api_v1", "rest_api_v1"} else "host": "evil.example"}

    assert status_of(both(event_of(front, "GET", "/sync/text", headers=headers))) == 400


# Mangum replies 500 when the application fails before its response is complete.
@STREAMS
@pytest.mark.parametrize("way", ["/sync", "/async", "/mixed"])
def test_a_stream_that_breaks_is_an_error(both, way):
    reply = both(event_of("http_api_v2", "GET", f"{way}/stream"))

    assert (status_of(reply), body_of(reply)) == (500, b"Internal Server Error")


@WAYS
def test_an_exception_outside_the_middleware_is_an_error(both, way):
    def fail(**_):
        raise LookupError("no such tenant")

    request_started.connect(fail)
    try:
        reply = both(event_of("http_api_v2", "GET", f"{way}/text"))
    finally:
        request_started.disconnect(fail)

    assert (status_of(reply), body_of(reply)) == (500, b"Internal Server Error")


@STREAMS
@WAYS
@pytest.mark.parametrize("name", ["text", "sync_stream", "async_stream", "missing", "broken"])
def test_a_request_starts_once_and_finishes_once(ours, way, name):
    seen = []

    def started(**_):
        seen.append("started")

    def finished(**_):
        seen.append("finished")

    request_started.connect(started)
    request_finished.connect(finished)
    try:
        ours(event_of("http_api_v2", "GET", f"{way}/{name}"))
    finally:
        request_started.disconnect(started)
        request_finished.disconnect(finished)

    assert seen == ["started", "finished"]
