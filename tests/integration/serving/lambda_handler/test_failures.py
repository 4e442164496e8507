"""A failed invocation does not affect the next invocation."""

import asyncio
import signal
import time

import pytest
from asgiref.sync import async_to_sync
from django.conf.urls.i18n import i18n_patterns
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.patches import CHECK_INTERVAL_S
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of
from tests.integration.serving.middleware.needed_service import NeedsItsService, outage

left = []


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


async def later(error):
    await asyncio.sleep(0.01)
    raise error


async def gathers(request):
    await asyncio.gather(later(SystemExit(1)), asyncio.sleep(0.1))


async def groups(request):
    async with asyncio.TaskGroup() as group:
        group.create_task(later(KeyboardInterrupt()))


def gathered_stream(request):
    async def chunks():
        yield b"first"
        await asyncio.gather(later(SystemExit(1)))

    return StreamingHttpResponse(chunks())


def bridges(request):
    async_to_sync(gathers)(request)


def interrupt(request):
    raise KeyboardInterrupt


async def ainterrupt(request):
    raise KeyboardInterrupt


def interrupted(request):
    signal.raise_signal(signal.SIGINT)


class Stop(BaseException):
    pass


def stops(request):
    raise Stop


async def astops(request):
    raise Stop


async def leaves_an_exit_behind(request):
    left.append(asyncio.create_task(later(SystemExit(1))))
    return HttpResponse("plain")


EXITS = [
    *(leave, aleave, stream, mixed_stream, astream, gathers, groups, gathered_stream, bridges, interrupt, ainterrupt),
    *(stops, astops),
]
urlpatterns = [
    *(path(view.__name__, view) for view in (plain, aplain, leaves_an_exit_behind, interrupted, *EXITS)),
    *i18n_patterns(path("gathers", gathers)),
]


def exiting(get_response):
    def middleware(request):
        if request.path == "/plain":
            raise SystemExit(3)
        return get_response(request)

    return middleware


@pytest.fixture(params=[False, True], ids=["alone", "with a tool"])
def tool(request, monkeypatch):
    """Patch `ASGIHandler.__call__`, as monitoring tools do."""
    if request.param:
        original = ASGIHandler.__call__

        async def patched(self, *args):
            return await original(self, *args)

        monkeypatch.setattr(ASGIHandler, "__call__", patched)
        time.sleep(CHECK_INTERVAL_S)


@pytest.fixture
def pythons_interrupt():
    """Install Python's default SIGINT handler, as on Lambda."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("target", ["/plain", "/aplain"])
def test_middleware_construction_is_retried(ours, settings, monkeypatch, target):
    settings.MIDDLEWARE = [f"{NeedsItsService.__module__}.NeedsItsService"]
    event = event_of("http_api_v2", "GET", target)
    with outage():
        while_away = [status_of(ours(event)) for _ in range(3)]

    assert while_away == [500] * 3
    assert body_of(ours(event)) == b"plain"


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("target", [f"/{view.__name__}" for view in EXITS])
def test_a_view_that_exits_fails_only_its_invocation(ours, pythons_interrupt, target):
    assert status_of(ours(event_of("http_api_v2", "GET", target))) == 500
    assert body_of(ours(event_of("http_api_v2", "GET", "/plain"))) == b"plain"


def test_a_bridged_view_whose_task_exits_fails_only_its_invocation(ours, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

    assert status_of(ours(event_of("http_api_v2", "GET", "/de/gathers"))) == 500
    assert body_of(ours(event_of("http_api_v2", "GET", "/plain"))) == b"plain"


def test_middleware_that_exits_fails_only_its_invocation(ours, settings):
    settings.MIDDLEWARE = [f"{__name__}.exiting"]

    assert status_of(ours(event_of("http_api_v2", "GET", "/plain"))) == 500
    assert body_of(ours(event_of("http_api_v2", "GET", "/aplain"))) == b"plain"


def test_an_exit_left_behind_by_a_view_fails_no_later_invocation(ours, caplog):
    ours(event_of("http_api_v2", "GET", "/leaves_an_exit_behind"))
    time.sleep(0.02)

    replies = [ours(event_of("http_api_v2", "GET", "/aplain")) for _ in range(3)]

    assert [body_of(reply) for reply in replies] == [b"plain"] * 3
    assert isinstance(left.pop().exception(), SystemExit)
    assert "an exit ends its asyncio task alone" in caplog.text


def test_an_interrupt_from_the_keyboard_ends_the_process(ours, pythons_interrupt):
    with pytest.raises(KeyboardInterrupt):
        ours(event_of("http_api_v2", "GET", "/interrupted"))
    assert body_of(ours(event_of("http_api_v2", "GET", "/plain"))) == b"plain"
