"""Deliberate differences in the lifetimes of responses, variables and tasks, tested on both handlers."""

import asyncio
import threading
from contextvars import ContextVar

import pytest
from asgiref.local import Local
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.django_versions import KEEPS_CONTEXT
from tests.integration.serving.one_hop.exchange import Exchange, exchange, loop_runs

barrier = None
notes: list[str] = []
variable: ContextVar[str] = ContextVar("variable", default="unset")
of_the_thread = threading.local()
critical = Local(thread_critical=True)


def held(request):
    barrier.stop()
    response = HttpResponse("held")
    response._resource_closers.append(lambda: notes.append("closed"))
    return response


def sets_variable(request):
    variable.set("by the view")
    return HttpResponse("set")


def visits(request):
    of_the_thread.visits = getattr(of_the_thread, "visits", 0) + 1
    return HttpResponse(str(of_the_thread.visits))


def critical_visits(request):
    critical.visits = getattr(critical, "visits", 0) + 1
    return HttpResponse(str(critical.visits))


def remembers_on_its_thread(request):
    async def remembered():
        yield await sync_to_async(lambda: getattr(of_the_thread, "name", "nothing"))()

    of_the_thread.name = "the view's"
    return StreamingHttpResponse(remembered())


async def leaves_a_task(request):
    async def later():
        await barrier.astop()
        try:
            notes.append(await sync_to_async(lambda: "ran")())
        except RuntimeError:
            notes.append("refused")

    request.scope["tasks"].append(asyncio.create_task(later()))
    return HttpResponse("left")


urlpatterns = [
    path("held", held),
    path("variable", sets_variable),
    path("visits", visits),
    path("critical_visits", critical_visits),
    path("remembers", remembers_on_its_thread),
    path("task", leaves_a_task),
]


@pytest.fixture(autouse=True)
def _reset_notes():
    notes.clear()


async def test_a_sync_views_response_is_closed_after_a_disconnect(one_hop, barrier):
    async def left_behind(handler) -> list[str]:
        notes.clear()
        barrier.close()
        request = Exchange(handler, "GET", "/held").start()
        await barrier.reached()
        request.disconnect()
        await loop_runs()
        barrier.open()
        await request.finish()
        return notes.copy()

    assert await left_behind(ASGIHandler()) == []
    assert await left_behind(one_hop()) == ["closed"]


async def test_context_variables_outlive_the_handler(one_hop):
    async def after(handler) -> str:
        async def application(scope, receive, send):
            await handler(scope, receive, send)
            notes.append(variable.get())

        await exchange(application, "GET", "/variable")
        return notes.pop()

    assert await after(ASGIHandler()) == ("by the view" if KEEPS_CONTEXT else "unset")
    assert await after(one_hop()) == "by the view"


@pytest.mark.parametrize("target", ["/visits", "/critical_visits"])
async def test_thread_locals_outlive_their_request(one_hop, target):
    theirs, ours = ASGIHandler(), one_hop(threads=1)

    assert [(await exchange(theirs, "GET", target)).body for _ in range(2)] == [b"1", b"1"]
    assert [(await exchange(ours, "GET", target)).body for _ in range(2)] == [b"1", b"2"]


async def test_thread_locals_do_not_follow_a_stream(one_hop):
    assert (await exchange(ASGIHandler(), "GET", "/remembers")).body == b"the view's"
    assert (await exchange(one_hop(), "GET", "/remembers")).body == b"nothing"


async def test_a_task_that_outlives_its_request_cannot_use_its_threads(one_hop, barrier, settings):
    # Behind synchronous middleware, Django's own handler rejects the call, too.
    settings.MIDDLEWARE = []

    async def outcome_of_the_task(handler) -> str:
        barrier.close()
        tasks: list[asyncio.Task] = []
        await exchange(handler, "GET", "/task", tasks=tasks)
        barrier.open()
        await tasks[0]
        return notes.pop()

    assert await outcome_of_the_task(ASGIHandler()) == "ran"
    assert await outcome_of_the_task(one_hop()) == "refused"
