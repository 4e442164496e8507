"""Deliberate differences from Django's own handler, tested on both and listed in docs/asgi-differences.md."""

import tempfile
import threading
from contextvars import ContextVar

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.asgi.chains.awaited_chain import MiddlewareConstructionError
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

notes: list[str] = []
variable: ContextVar[str] = ContextVar("variable")


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


def large(request):
    return HttpResponse(b"x" * 200_000)


def file(request):
    return FileResponse(iter([b"x" * 100_000] * 5), headers={"Content-Length": "500000"})


def stream(request):
    def chunks():
        for number in range(3):
            notes.append(f"made {number}")
            yield b"%d" % number

    return StreamingHttpResponse(chunks())


class Noting(StringConverter):
    def to_python(self, value):
        notes.append(threading.current_thread().name)
        return value


register_converter(Noting, "noting")


def converted(request, value):
    return HttpResponse(value)


urlpatterns = [
    path("plain", plain),
    path("aplain", aplain),
    path("converted/<noting:value>", converted),
    path("large", large),
    path("file", file),
    path("stream", stream),
]


def where_it_runs():
    return "on the loop" if threading.current_thread() is threading.main_thread() else "on a thread"


@sync_and_async_middleware
def says_where_it_runs(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            notes.append(where_it_runs())
            return await get_response(request)
    else:

        def middleware(request):
            notes.append(where_it_runs())
            return get_response(request)

    return middleware


class ResetsItsVariable(MiddlewareMixin):
    def process_request(self, request):
        request.token = variable.set("of the request")

    def process_response(self, request, response):
        try:
            variable.reset(request.token)
        except ValueError:
            notes.append("another context")
        else:
            notes.append("the same context")
        return response


class FailsToConstruct:
    def __init__(self, get_response):
        raise LookupError("no licence")


LISTED_WARNING = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")


@pytest.fixture(autouse=True)
def _reset_notes():
    notes.clear()


async def test_request_finished_is_sent_before_the_response(one_hop, signals):
    async def signals_before_the_client_reads(handler) -> list[str]:
        signals.clear()
        reader = Exchange(handler, "GET", "/plain")
        reader.reading.clear()
        reader.start()
        await eventually(lambda: reader.messages)
        seen = signals.copy()
        reader.reading.set()
        await reader.reply()
        return seen

    assert await signals_before_the_client_reads(ASGIHandler()) == ["request_started"]
    assert await signals_before_the_client_reads(one_hop()) == ["request_started", "request_finished"]


@pytest.mark.parametrize("target", ["/large", "/file"])
@LISTED_WARNING
async def test_a_response_in_memory_is_sent_in_one_piece(one_hop, target):
    theirs, ours = Exchange(ASGIHandler(), "GET", target), Exchange(one_hop(), "GET", target)

    assert (await theirs.start().reply()).body == (await ours.start().reply()).body
    assert len(theirs.messages) > 4
    assert len(ours.messages) == 2


@LISTED_WARNING
async def test_a_synchronous_iterator_is_streamed_not_collected(one_hop):
    async def made_before_the_first_chunk_went_out(handler) -> list[str]:
        notes.clear()
        made = []

        async def application(scope, receive, send):
            async def note(message):
                if message.get("body") == b"0":
                    made.extend(notes)
                await send(message)

            await handler(scope, receive, note)

        await exchange(application, "GET", "/stream")
        return made

    assert await made_before_the_first_chunk_went_out(ASGIHandler()) == ["made 0", "made 1", "made 2"]
    assert await made_before_the_first_chunk_went_out(one_hop()) == ["made 0"]


async def test_sync_and_async_middleware_runs_on_a_sync_views_thread(one_hop, settings, listed):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, listed(f"{__name__}.says_where_it_runs")]

    await exchange(ASGIHandler(), "GET", "/plain")
    await exchange(one_hop(), "GET", "/plain")

    assert notes == ["on the loop", "on a thread"]


async def test_hooks_share_one_context_before_a_sync_view(one_hop, settings):
    settings.MIDDLEWARE = [f"{__name__}.ResetsItsVariable"]

    for target in ("/plain", "/aplain"):
        await exchange(ASGIHandler(), "GET", target)
        await exchange(one_hop(), "GET", target)

    assert notes == ["another context", "the same context", "another context", "another context"]


async def test_middleware_is_built_on_each_chains_first_request(one_hop, settings):
    settings.MIDDLEWARE = [f"{__name__}.FailsToConstruct"]

    with pytest.raises(LookupError, match="no licence"):
        ASGIHandler()
    handler = one_hop()
    with pytest.raises(MiddlewareConstructionError, match="LookupError: no licence"):
        await exchange(handler, "GET", "/plain")


async def test_messages_after_the_body_are_ignored(one_hop):
    async def twice(handler) -> int:
        request = Exchange(handler, "GET", "/plain")
        request.send_body(b"again")
        return (await request.start().reply()).status

    with pytest.raises(AssertionError, match="Invalid ASGI message after request body"):
        await twice(ASGIHandler())
    assert await twice(one_hop()) == 200


async def test_a_body_that_cannot_be_spooled_gets_503(one_hop, settings, monkeypatch, tmp_path):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    async def upload(handler) -> int:
        request = Exchange(handler, "POST", "/plain", body=None)
        request.send_body(b"x" * 20, more=True)
        return (await request.start().reply()).status

    with pytest.raises(FileNotFoundError):
        await upload(ASGIHandler())
    assert await upload(one_hop()) == 503


async def test_a_path_is_resolved_on_the_event_loop_first(one_hop):
    notes.clear()
    await exchange(ASGIHandler(), "GET", "/converted/theirs")
    theirs = notes.copy()
    notes.clear()
    handler = one_hop()
    for _ in range(2):
        await exchange(handler, "GET", "/converted/ours")

    assert len(theirs) == 1
    # The hint is cached, but the path is resolved again behind the middleware.
    assert [name == threading.current_thread().name for name in notes] == [True, False, False]


async def test_a_failing_request_finished_receiver_drops_the_response(one_hop):
    def fail(**_):
        raise ValueError("at the end")

    sent = []
    request_finished.connect(fail)
    try:
        for handler in (ASGIHandler(), one_hop()):
            failing = Exchange(handler, "GET", "/plain").start()
            with pytest.raises(ValueError, match="at the end"):
                await failing.finish()
            sent.append([message["type"] for message in failing.messages])
    finally:
        request_finished.disconnect(fail)

    assert sent == [["http.response.start", "http.response.body"], []]
