"""Both handlers send the same response to the client."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import FileResponse, HttpResponse, HttpResponseNotModified, JsonResponse, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import path
from django.views import View
from django.views.decorators.http import condition

from tests.integration.serving.one_hop.exchange import exchange

LARGE = bytes(range(256)) * 1024
CONTENTS = {
    "empty": HttpResponse,
    "no_content": lambda: HttpResponse(status=204),
    "not_modified": lambda: HttpResponseNotModified(headers={"ETag": '"1"'}),
    "teapot": lambda: HttpResponse("short and stout", status=418, reason="I'm a teapot"),
    "pieces": lambda: HttpResponse(["ab", b"cd", 5]),
    "large": lambda: HttpResponse(LARGE, content_type="application/octet-stream"),
    "latin": lambda: HttpResponse("ø", headers={"X-Name": "Bjørn"}, charset="latin1"),
    "beyond_latin": lambda: HttpResponse("€", headers={"X-Price": "5 €"}),
    "small_file": lambda: FileResponse(BytesIO(b"content"), as_attachment=True, filename="naïve file.txt"),
    "large_file": lambda: FileResponse(BytesIO(LARGE * 8), content_type="application/octet-stream"),
    "own_file": lambda: FileResponse(Path(__file__).open("rb")),  # noqa: SIM115  (the response closes it)
    "unsized_file": lambda: FileResponse(iter([b"a", b"b"]), content_type="text/plain"),
    "sync_stream": lambda: StreamingHttpResponse(iter([b"a", "b", b"", b"c" * 200_000])),
    "async_stream": lambda: StreamingHttpResponse(letters()),
}


async def letters():
    for letter in (b"a", "ø", b"", b"c" * 200_000):
        await asyncio.sleep(0)
        yield letter


def respond(request, name):
    return CONTENTS[name]()


async def arespond(request, name):
    return CONTENTS[name]()


def with_cookies():
    response = JsonResponse({"ok": True})
    # max_age would also set an expiry time, which may differ by a second between two responses.
    response.set_cookie("first", "1", expires="Thu, 01 Jan 2099 00:00:00 GMT", samesite="Lax")
    response.set_cookie("second", "ø", httponly=True)
    response.delete_cookie("third")
    response["Vary"] = "Cookie"
    return response


def cookies(request):
    return with_cookies()


async def acookies(request):
    return with_cookies()


def rendered_later(request):
    return SimpleTemplateResponse("page", {"name": "Ada"})


async def arendered_later(request):
    return SimpleTemplateResponse("page", {"name": "Ada"})


class ClassBased(View):
    def get(self, request):
        return HttpResponse("got")


class AsyncClassBased(View):
    async def get(self, request):
        return HttpResponse("got")


@condition(etag_func=lambda request: '"7"')
def conditional(request):
    return HttpResponse("seventh")


@condition(etag_func=lambda request: '"7"')
async def aconditional(request):
    return HttpResponse("seventh")


urlpatterns = [
    path("sync/content/<name>", respond),
    path("async/content/<name>", arespond),
    path("sync/cookies", cookies),
    path("async/cookies", acookies),
    path("sync/later", rendered_later),
    path("async/later", arendered_later),
    path("sync/class", ClassBased.as_view()),
    path("async/class", AsyncClassBased.as_view()),
    path("sync/conditional", conditional),
    path("async/conditional", aconditional),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
# Files above 1 MiB are streamed as well.
STREAMED = {"large_file", "unsized_file", "sync_stream", "async_stream"}
# Django's own handler warns about every synchronous iterator.
STREAMS = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")


@STREAMS
@WAYS
@pytest.mark.parametrize("name", CONTENTS)
async def test_every_kind_of_response_equals_djangos(both, way, name):
    await both("GET", f"{way}/content/{name}")


@STREAMS
@WAYS
@pytest.mark.parametrize("name", sorted(CONTENTS.keys() - STREAMED))
async def test_every_kind_of_response_to_head_equals_djangos(both, way, name):
    await both("HEAD", f"{way}/content/{name}")


@STREAMS
@WAYS
@pytest.mark.parametrize("name", sorted(STREAMED))
async def test_head_does_not_consume_a_stream(one_hop, way, name):
    theirs = await exchange(ASGIHandler(), "HEAD", f"{way}/content/{name}")
    ours = await exchange(one_hop(), "HEAD", f"{way}/content/{name}")

    assert (ours.status, ours.headers) == (theirs.status, theirs.headers)
    assert (theirs.body != b"", ours.body) == (True, b"")


@STREAMS
@WAYS
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("large", LARGE),
        ("large_file", LARGE * 8),
        ("own_file", Path(__file__).read_bytes()),
        ("sync_stream", b"ab" + b"c" * 200_000),
        ("async_stream", "aø".encode() + b"c" * 200_000),
    ],
)
async def test_a_response_in_several_pieces_is_complete(both, way, name, body):
    assert (await both("GET", f"{way}/content/{name}")).body == body


@WAYS
async def test_non_ascii_headers_are_sent_as_latin_1(both, way):
    latin = await both("GET", f"{way}/content/latin")
    beyond = await both("GET", f"{way}/content/beyond_latin")

    assert latin.header("X-Name") == "Bjørn"
    assert beyond.header("X-Price") == "=?utf-8?b?NSDigqw=?="


@WAYS
async def test_each_cookie_is_sent_in_its_own_header(both, way):
    reply = await both("GET", f"{way}/cookies")

    assert [value.split(b"=")[0] for name, value in reply.headers if name == b"Set-Cookie"] == [
        b"first",
        b"second",
        b"third",
    ]


@WAYS
async def test_a_response_is_rendered_after_the_view(both, way, settings):
    pages = ("django.template.loaders.locmem.Loader", {"page": "Hello {{ name }}"})
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": [pages]}}
    ]

    assert (await both("GET", f"{way}/later")).body == b"Hello Ada"


@WAYS
async def test_class_based_views_dispatch_by_method(both, way):
    assert (await both("GET", f"{way}/class")).body == b"got"
    assert (await both("PUT", f"{way}/class")).status == 403
    assert (await both("OPTIONS", f"{way}/class")).header("Allow") == "GET, HEAD, OPTIONS"


@WAYS
async def test_a_matching_etag_gets_not_modified(both, way):
    known = await both("GET", f"{way}/conditional", headers=[(b"if-none-match", b'"7"')])
    unknown = await both("GET", f"{way}/conditional", headers=[(b"if-none-match", b'"6"')])

    assert (known.status, known.body, known.header("ETag")) == (304, b"", '"7"')
    assert (unknown.status, unknown.body) == (200, b"seventh")
