"""On Lambda, Content-Length is the body's actual length, whatever the event's headers say."""

import pytest
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of


def bare(request):
    return HttpResponse(str(request.META.get("CONTENT_LENGTH")))


@csrf_exempt
def form(request):
    return JsonResponse(
        {"title": request.POST.get("title"), "doc": getattr(request.FILES.get("doc"), "size", None)}
        | {"length": request.META.get("CONTENT_LENGTH"), "scope": _lengths(request)}
    )


def _lengths(request):
    return [value.decode() for name, value in request.scope["headers"] if name == b"content-length"]


@csrf_exempt
async def aform(request):
    return form(request)


urlpatterns = [path("bare", bare), path("sync/form", form), path("async/form", aform)]

EVERY_FRONT = pytest.mark.parametrize("front", FRONTS)
WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
PARTS = (
    b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="doc"; filename="a.bin"\r\n\r\n%s\r\n--edge--\r\n'
) % (b"x" * 1000)
MULTIPART = {"content-type": "multipart/form-data; boundary=edge"}


def headers_of(event):
    if "Records" in event:
        return [event["Records"][0]["cf"]["request"]["headers"]]
    return [event[name] for name in ("headers", "multiValueHeaders") if name in event]


@WAYS
@EVERY_FRONT
def test_a_form_without_content_length_arrives(ours, front, way):
    event = event_of(front, "POST", f"{way}/form", headers=MULTIPART, body=PARTS)
    for headers in headers_of(event):
        del headers["content-length"]

    assert body_of(ours(event)) == (
        b'{"title": "hello", "doc": 1000, "length": "%d", "scope": ["%d"]}' % (len(PARTS), len(PARTS))
    )


@WAYS
@EVERY_FRONT
@pytest.mark.parametrize("stated", ["0", "17", "99999", "many"])
def test_the_actual_length_replaces_a_wrong_content_length(ours, front, way, stated):
    event = event_of(front, "POST", f"{way}/form", headers=MULTIPART, body=PARTS)
    for headers in headers_of(event):
        old = headers["content-length"]
        headers["content-length"] = (
            stated if isinstance(old, str) else [stated] if isinstance(old[0], str) else [{"key": "x", "value": stated}]
        )

    assert b'"doc": 1000' in body_of(ours(event))


@WAYS
def test_repeated_content_lengths_are_replaced(ours, way):
    event = event_of("load_balancer_multi_value", "POST", f"{way}/form", headers=MULTIPART, body=PARTS)
    event["multiValueHeaders"]["content-length"] = ["5", str(len(PARTS))]

    assert b'"doc": 1000, "length": "%d", "scope": ["%d"]' % (len(PARTS), len(PARTS)) in body_of(ours(event))


@EVERY_FRONT
def test_a_request_without_a_body_has_no_content_length(both, front):
    assert body_of(both(event_of(front, "GET", "/bare"))) == b"None"
