"""Views that echo their request, and one view for each kind of response."""

import hashlib
from gzip import compress
from io import BytesIO

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

_EVERY_BYTE = bytes(range(256))

# Headers that differ from request to request, or that a hop adds.
_OF_THE_WAY = ("HTTP_X_FORWARDED_", "HTTP_X_AMZN_", "HTTP_HOST")


@csrf_exempt
def echo(request: HttpRequest) -> JsonResponse:
    """Return everything in the request that an application can read."""
    names = [name for name in request.META if name.startswith(("HTTP_", "CONTENT_", "QUERY_"))]
    # Django can read a request either as a form or as a body.
    is_form = request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded")
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "url": request.build_absolute_uri(),
            "secure": request.is_secure(),
            "query": dict(request.GET.lists()),
            "form": dict(request.POST.lists()) if is_form else None,
            "files": {
                name: [one.name, one.content_type, hashlib.sha256(one.read()).hexdigest()]
                for name, one in request.FILES.items()
            },
            "body": None if is_form else [len(request.body), hashlib.sha256(request.body).hexdigest()],
            "cookies": request.COOKIES,
            "headers": {name: request.META[name] for name in sorted(names) if not name.startswith(_OF_THE_WAY)},
        }
    )


@csrf_exempt
async def async_echo(request: HttpRequest) -> JsonResponse:
    return echo(request)


def binary(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_EVERY_BYTE, content_type="application/octet-stream")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("nobody may see this")


def compressed(request: HttpRequest) -> HttpResponse:
    """Return content that the view itself compresses."""
    content = compress(b"the same again. " * 100, mtime=0)
    return HttpResponse(content, content_type="text/plain", headers={"Content-Encoding": "gzip"})


def cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("three cookies")
    response.set_cookie("plain", "1")
    response.set_cookie("full", "a b; c", max_age=60, path="/equal", secure=True, httponly=True, samesite="Strict")
    response.delete_cookie("old")
    return response


def empty(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(status=status)


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(BytesIO(_EVERY_BYTE * 1000), as_attachment=True, filename="grüße.bin")


def headers(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("see the headers", headers={"X-Plain": "a, b", "X-Latin": "grüße", "X-Empty": ""})
    response["X-Wide"] = "\u4f60\u597d"
    return response


def latin(request: HttpRequest) -> HttpResponse:
    return HttpResponse("grüße", content_type="text/plain; charset=iso-8859-1")


def long(request: HttpRequest) -> HttpResponse:
    """Return enough text for the middleware to compress it."""
    return HttpResponse("grüße " * 20_000, content_type="text/plain; charset=utf-8")


def redirect(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(status=status, headers={"Location": "/equal/echo?from=here&to=gr%C3%BC%C3%9Fe"})


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse((f"line {number}\n" for number in range(1000)), content_type="text/plain")


async def async_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def lines():
        for number in range(1000):
            yield f"line {number}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


def untyped(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("what am I?")
    del response["Content-Type"]
    return response
