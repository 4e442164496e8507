"""Django sees the same request behind both handlers."""

import json

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt

from tests.integration.serving.django_versions import REFUSES_LONG_CONTENT_TYPES
from tests.integration.serving.one_hop.exchange import exchange


def describe(request):
    return {
        "method": request.method,
        "path": request.path,
        "path_info": request.path_info,
        "script": request.META["SCRIPT_NAME"],
        "scheme": request.scheme,
        "query": request.GET.lists(),
        "headers": dict(request.headers),
        "cookies": request.COOKIES,
        "client": request.META.get("REMOTE_ADDR"),
        "url": request.build_absolute_uri(),
        "reversed": reverse("sync"),
        "encoding": request.encoding,
    }


def as_json(value):
    return JsonResponse(value, json_dumps_params={"default": list})


@csrf_exempt
def described(request):
    return as_json(describe(request))


@csrf_exempt
async def adescribed(request):
    return as_json(describe(request))


def form_of(request):
    files = {name: file.read().decode() for name, file in request.FILES.items()}
    return as_json({"fields": request.POST.lists(), "files": files})


@csrf_exempt
def form(request):
    return form_of(request)


@csrf_exempt
async def aform(request):
    return form_of(request)


@csrf_exempt
def body(request):
    return HttpResponse(f"{len(request.body)} bytes")


@csrf_exempt
async def abody(request):
    return HttpResponse(f"{len(request.body)} bytes")


@csrf_exempt
def pieces(request):
    return HttpResponse(b"|".join(iter(lambda: request.read(4), b"")))


@csrf_exempt
async def apieces(request):
    return pieces(request)


urlpatterns = [
    path("sync", described, name="sync"),
    path("async", adescribed),
    path("sync/form", form),
    path("async/form", aform),
    path("sync/body", body),
    path("async/body", abody),
    path("sync/pieces", pieces),
    path("async/pieces", apieces),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
FORM = (b"content-type", b"application/x-www-form-urlencoded")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=edge")


@WAYS
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"])
async def test_every_method_arrives(both, way, method):
    assert f'"method": "{method}"'.encode() in (await both(method, way)).body


@WAYS
async def test_duplicated_headers_are_joined(both, way):
    headers = [(b"x-color", b"red"), (b"x-color", b"blue"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]

    assert b'"X-Color": "red,blue"' in (await both("GET", way, headers=headers)).body


@WAYS
async def test_non_ascii_headers_are_latin_1(both, way):
    headers = [(b"x-name", "Bjørn".encode("latin1")), (b"x-utf", "Bjørn".encode())]

    assert b'"X-Name": "Bj\\u00f8rn"' in (await both("GET", way, headers=headers)).body


@WAYS
async def test_headers_with_underscores_are_dropped(both, way):
    assert b"forged" not in (await both("GET", way, headers=[(b"x_forwarded_for", b"forged")])).body


@WAYS
async def test_non_ascii_queries_arrive(both, way):
    reply = await both("GET", way, query=b"name=Bj%C3%B8rn&name=%F0%9F%A6%8A&empty=")

    assert b'["name", ["Bj\\u00f8rn", "\\ud83e\\udd8a"]]' in reply.body


@WAYS
async def test_the_root_path_is_the_script_prefix(both, way):
    reply = await both("GET", f"/app{way}", root_path="/app")

    assert f'"path_info": "{way}"'.encode() in reply.body
    assert b'"reversed": "/app/sync"' in reply.body


@WAYS
async def test_a_forced_script_name_beats_the_root_path(both, way, settings):
    settings.FORCE_SCRIPT_NAME = "/forced"

    reply = await both("GET", way, root_path="/app")

    assert b'"script": "/forced"' in reply.body
    assert b'"reversed": "/forced/sync"' in reply.body


@WAYS
async def test_a_request_over_a_unix_socket_has_no_client(both, way):
    assert b'"client": null' in (await both("GET", way, client=None, server=None)).body


@WAYS
async def test_forms_and_files_arrive(both, way):
    fields = await both("POST", f"{way}/form", headers=[FORM], body=b"a=1&a=2&b=%C3%B8")
    parts = (
        b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\ncontent\r\n--edge--\r\n'
    )
    length = (b"content-length", str(len(parts)).encode())
    files = await both("POST", f"{way}/form", headers=[MULTIPART, length], body=parts)

    assert fields.body == b'{"fields": [["a", ["1", "2"]], ["b", ["\\u00f8"]]], "files": {}}'
    assert files.body == b'{"fields": [["a", ["1"]]], "files": {"f": "content"}}'


@WAYS
async def test_a_body_is_read_piece_by_piece(both, way):
    assert (await both("POST", f"{way}/pieces", body=b"0123456789")).body == b"0123|4567|89"


@WAYS
async def test_a_query_of_invalid_utf_8_is_a_bad_request(both, way):
    assert (await both("GET", way, query=b"name=\xff")).status == 400


@WAYS
async def test_a_long_content_type_does_not_raise(one_hop, way):
    # Django before 6.1 treats a long Content-Type as an unknown type.
    reply = await exchange(one_hop(), "GET", way, headers=[(b"content-type", b"x" * 20_000)])

    assert reply.status == (400 if REFUSES_LONG_CONTENT_TYPES else 200)


@WAYS
async def test_a_malformed_multipart_body_is_a_bad_request(both, way):
    headers = [(b"content-type", b"multipart/form-data"), (b"content-length", b"5")]

    assert (await both("POST", f"{way}/form", headers=headers, body=b"12345")).status == 400


@WAYS
async def test_too_many_fields_are_a_bad_request(both, way, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2

    assert (await both("POST", f"{way}/form", headers=[FORM], body=b"a=1&b=2&c=3")).status == 400
    assert (await both("POST", f"{way}/form", headers=[FORM], body=b"a=1&b=2")).status == 200


@WAYS
async def test_a_body_beyond_djangos_limit_is_a_bad_request(both, way, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    too_much = {"headers": [(b"content-length", b"11")], "body": b"x" * 11}

    assert (await both("POST", f"{way}/body", **too_much)).status == 400
    assert (await both("POST", f"{way}/body", body=b"x" * 10)).body == b"10 bytes"


@WAYS
async def test_an_unknown_host_is_a_bad_request(both, way):
    assert (await both("GET", way, headers=[(b"host", b"evil.example")])).status == 400


async def test_an_unknown_path_is_not_found(both):
    assert (await both("GET", "/nowhere")).status == 404


async def test_a_scope_other_than_http_is_rejected(handler):
    with pytest.raises(ValueError, match="websocket"):
        await handler({"type": "websocket"}, None, None)


class MarkedRequest(ASGIRequest):
    def __init__(self, scope, body_file):
        super().__init__({**scope, "method": "PATCH"}, body_file)


@pytest.mark.parametrize("way", ["/sync", "/async"])
async def test_a_subclass_chooses_its_request_class(one_hop, monkeypatch, way):
    handler = one_hop()
    monkeypatch.setattr(handler, "request_class", MarkedRequest)

    assert json.loads((await exchange(handler, "GET", way)).body)["method"] == "PATCH"
