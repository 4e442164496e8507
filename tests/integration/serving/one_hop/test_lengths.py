"""CONTENT_LENGTH is the length of the body that was read, whatever the header says."""

import json

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.integration.serving.one_hop.exchange import Exchange, exchange


def as_read(request):
    return JsonResponse(
        {
            "fields": dict(request.POST.lists()),
            "files": {name: file.size for name, file in request.FILES.items()},
            "length": request.META.get("CONTENT_LENGTH"),
            "header": request.headers.get("Content-Length"),
            "scope": [name.decode() for name, _ in request.scope["headers"] if name == b"content-length"],
        }
    )


@csrf_exempt
def form(request):
    return as_read(request)


@csrf_exempt
async def aform(request):
    return as_read(request)


@csrf_exempt
def body(request):
    return JsonResponse({"bytes": len(request.body)})


urlpatterns = [path("sync", form), path("async", aform), path("body", body)]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
MULTIPART = (b"content-type", b"multipart/form-data; boundary=edge")
CHUNKED = (b"transfer-encoding", b"chunked")
PARTS = (
    b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="doc"; filename="a.bin"\r\n\r\n%s\r\n--edge--\r\n'
)
SMALL, LARGE = PARTS % (b"x" * 10), PARTS % (b"x" * 3_000_000)


@WAYS
async def test_a_form_without_content_length_arrives(one_hop, way):
    upload = {"headers": [MULTIPART, CHUNKED], "body": SMALL}

    djangos = json.loads((await exchange(ASGIHandler(), "POST", way, **upload)).body)
    ours = json.loads((await exchange(one_hop(), "POST", way, **upload)).body)

    assert (djangos["fields"], djangos["files"], djangos["length"]) == ({}, {}, None)
    assert (ours["fields"], ours["files"]) == ({"title": ["hello"]}, {"doc": 10})
    assert ours["length"] == ours["header"] == str(len(SMALL))
    assert ours["scope"] == []


@WAYS
async def test_a_large_form_arrives_in_chunks(one_hop, way):
    upload = Exchange(one_hop(), "POST", way, headers=[MULTIPART, CHUNKED], body=None).start()
    for start in range(0, len(LARGE), 500_000):
        upload.send_body(LARGE[start : start + 500_000], more=start + 500_000 < len(LARGE))

    reply = json.loads((await upload.reply()).body)

    assert (reply["files"], reply["length"]) == ({"doc": 3_000_000}, str(len(LARGE)))


@WAYS
@pytest.mark.parametrize("stated", [[b"0"], [b"5"], [b"999999999"], [b"many"], [b""], [b"-1"], [b"5", b"6"]], ids=repr)
async def test_the_actual_body_length_is_used(one_hop, way, stated):
    headers = [MULTIPART, *((b"content-length", value) for value in stated)]

    reply = json.loads((await exchange(one_hop(), "POST", way, headers=headers, body=SMALL)).body)

    assert (reply["files"], reply["length"]) == ({"doc": 10}, str(len(SMALL)))


@WAYS
async def test_a_request_without_a_body_has_no_content_length(both, way):
    assert json.loads((await both("GET", way)).body)["length"] is None


@WAYS
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_empty_chunked_body_has_length_0(one_hop, way, method):
    reply = json.loads((await exchange(one_hop(), method, way, headers=[CHUNKED], body=b"")).body)

    assert (reply["length"], reply["scope"]) == ("0", [])


async def test_djangos_body_limit_applies_without_content_length(both, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert (await both("POST", "/body", headers=[CHUNKED], body=b"x" * 11)).status == 400
    assert (await both("POST", "/body", headers=[CHUNKED], body=b"x" * 10)).status == 200
