"""The next invocation works after one that failed."""

import time

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.patches import LOOKS_EVERY_S
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of

failing = False


class NeedsItsService:
    """Middleware whose constructor needs a service."""

    def __init__(self, get_response):
        if failing:
            raise ConnectionError("the service is down")
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


def leave(request):
    raise SystemExit(1)


async def aleave(request):
    raise SystemExit(1)


def stream(request):
    def chunks():
        yield b"first"
        raise SystemExit(1)

    return StreamingHttpResponse(chunks())


def mixed_stream(request):
    async def chunks():
        yield b"first"
        raise SystemExit(1)

    return StreamingHttpResponse(chunks())


async def astream(request):
    return mixed_stream(request)


urlpatterns = [path(view.__name__, view) for view in (plain, aplain, leave, aleave, stream, mixed_stream, astream)]


@pytest.fixture(params=[False, True], ids=["alone", "with a tool"])
def tool(request, monkeypatch):
    """Patch `ASGIHandler.__call__`, as monitoring tools do."""
    if request.param:
        original = ASGIHandler.__call__

        async def patched(self, *args):
            return await original(self, *args)

        monkeypatch.setattr(ASGIHandler, "__call__", patched)
        time.sleep(LOOKS_EVERY_S)


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("target", ["/plain", "/aplain"])
def test_middleware_construction_is_retried(ours, settings, monkeypatch, target):
    settings.MIDDLEWARE = [f"{__name__}.NeedsItsService"]
    event = event_of("http_api_v2", "GET", target)
    globals()["failing"] = True
    try:
        while_away = [status_of(ours(event)) for _ in range(3)]
    finally:
        globals()["failing"] = False

    assert while_away == [500] * 3
    assert body_of(ours(event)) == b"plain"


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("target", ["/leave", "/aleave", "/stream", "/mixed_stream", "/astream"])
def test_a_view_that_exits_fails_only_its_invocation(ours, target):
    assert status_of(ours(event_of("http_api_v2", "GET", target))) == 500
    assert body_of(ours(event_of("http_api_v2", "GET", "/plain"))) == b"plain"
