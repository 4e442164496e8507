"""Views and receivers that record the values set earlier in their request."""

import asyncio
import contextvars
import threading
import time

from asgiref.local import Local
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core.signals import request_finished, request_started
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

local = Local()
variable = contextvars.ContextVar("variable", default="unset")
by_middleware = contextvars.ContextVar("by_middleware", default="unset")
# (where, value of the local, of the variable, of the middleware's variable, thread)
notes: list[tuple] = []


def note(where: str) -> None:
    notes.append((where, getattr(local, "value", "unset"), variable.get(), by_middleware.get(), threading.get_ident()))


def started(scope, **_):
    note("started")
    local.value = scope["path"]
    variable.set(scope["path"])


def finished(**_):
    note("finished")


class Recording:
    """Connects the receivers within a `with` block."""

    def __enter__(self):
        notes.clear()
        request_started.connect(started)
        request_finished.connect(finished)

    def __exit__(self, *_):
        request_started.disconnect(started)
        request_finished.disconnect(finished)


@sync_and_async_middleware
def sets_a_variable(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            by_middleware.set(request.path)
            return await get_response(request)

    else:

        def middleware(request):
            by_middleware.set(request.path)
            return get_response(request)

    return middleware


def plain(request, number):
    note("view")
    time.sleep(0.01)
    return HttpResponse()


async def aplain(request, number):
    note("view")
    await asyncio.sleep(0.01)
    await sync_to_async(note)("view")
    return HttpResponse()


def bridged(request, number):
    async def below():
        note("view")
        await sync_to_async(note)("view")

    async_to_sync(below)()
    return HttpResponse()


def broken(request, number):
    note("view")
    raise ValueError("broken")


async def abroken(request, number):
    broken(request, number)


def stream(request, number):
    def chunks():
        for _ in range(2):
            note("chunk")
            yield b"a"

    return StreamingHttpResponse(chunks())


async def astream(request, number):
    async def chunks():
        for _ in range(2):
            note("chunk")
            await sync_to_async(note)("chunk")
            yield b"a"

    return StreamingHttpResponse(chunks())


def mixed(request, number):
    return async_to_sync(astream)(request, number)


def broken_stream(request, number):
    def chunks():
        note("chunk")
        yield b"a"
        raise ValueError("broken")

    return StreamingHttpResponse(chunks())


async def abroken_stream(request, number):
    async def chunks():
        note("chunk")
        yield b"a"
        raise ValueError("broken")

    return StreamingHttpResponse(chunks())


VIEWS = {
    "sync": plain,
    "async": aplain,
    "sync_bridged": bridged,
    "sync_broken": broken,
    "async_broken": abroken,
    "sync_stream": stream,
    "async_stream": astream,
    "mixed_stream": mixed,
    "sync_broken_stream": broken_stream,
    "async_broken_stream": abroken_stream,
}
urlpatterns = [path(f"{name}/<int:number>", view) for name, view in VIEWS.items()]


def check(target: str) -> None:
    """Assert that the notes cover only the request to `target`, which began without values and kept its own values."""
    where = [name for name, *_ in notes]
    assert where.count("started") == where.count("finished") == 1
    assert (where[0], where[-1]) == ("started", "finished")
    assert len(where) > 2
    assert notes[0][1:4] == ("unset", "unset", "unset")
    for _, of_local, of_variable, of_middleware, _ in notes[1:]:
        assert (of_local, of_variable, of_middleware) == (target, target, target)
