"""All coroutines of an execution environment run on one event loop, including those that synchronous views call."""

import asyncio
import threading
import time

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of

progress: list[str] = []
kept: list[asyncio.Task[None]] = []


async def loop():
    return id(asyncio.get_running_loop())


async def loop_after_a_sync_call():
    await sync_to_async(int)()
    return await loop()


def plain(request):
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("django-bridge")]
    return JsonResponse(threads, safe=False)


def calls_once(request):
    return JsonResponse(async_to_sync(loop)(), safe=False)


def calls_often(request):
    found = {async_to_sync(one)() for one in (loop, loop_after_a_sync_call, loop, loop_after_a_sync_call)}
    (only,) = found
    return JsonResponse(only, safe=False)


def calls_below(request):
    """Run a coroutine that makes a synchronous call on the invoking thread, which in turn runs a coroutine."""

    async def outer():
        return await sync_to_async(async_to_sync(loop))()

    return JsonResponse(async_to_sync(outer)(), safe=False)


def calls_elsewhere_first(request):
    async_to_sync(loop_after_a_sync_call, force_new_loop=True)()
    return JsonResponse({})


def calls_in_its_stream(request):
    def chunks():
        yield str(async_to_sync(loop)())

    return StreamingHttpResponse(chunks())


def stream(request):
    async def chunks():
        yield str(await loop())

    return StreamingHttpResponse(chunks())


async def asynchronous(request):
    return JsonResponse(await loop(), safe=False)


async def afails():
    raise ValueError("wrong")


def fails(request):
    try:
        async_to_sync(afails)()
    except ValueError as error:
        return JsonResponse([str(error), async_to_sync(loop)()], safe=False)


async def count():
    return await Group.objects.acount()


def leaves_a_task(request):
    async def long():
        for step in "abc":
            await asyncio.sleep(0.02)
            progress.append(step)

    async def begin():
        kept.append(asyncio.create_task(long()))

    async_to_sync(begin)()
    return JsonResponse({})


async def finish():
    async with asyncio.timeout(60):
        while len(progress) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def waits(request):
    async_to_sync(finish)()
    return JsonResponse({})


def writes(request):
    with transaction.atomic():
        Group.objects.create(name="one")
        inner = async_to_sync(count)()
        me = connection.connection
        assert async_to_sync(sync_to_async(lambda: connection.connection))() is me
        transaction.set_rollback(True)
    return JsonResponse([inner, Group.objects.count()], safe=False)


class CallsInItsConstructor:
    """Middleware whose constructor calls a coroutine."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.loop = async_to_sync(loop)()

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Loop"] = str(self.loop)
        return response


SYNCHRONOUS = [calls_once, calls_often, calls_below, calls_in_its_stream, stream]
urlpatterns = [
    path(view.__name__, view)
    for view in (
        *SYNCHRONOUS,
        *(plain, calls_elsewhere_first, asynchronous, fails, leaves_a_task, waits, writes),
    )
]


def get(ours, target):
    reply = ours(event_of("http_api_v2", "GET", target))
    assert status_of(reply) == 200, body_of(reply)
    return body_of(reply).decode()


@pytest.mark.parametrize("target", [f"/{view.__name__}" for view in SYNCHRONOUS])
def test_async_to_sync_runs_on_the_loop_of_async_views(ours, target):
    """This fails if asgiref no longer finds a thread's event loop where AsyncBridge puts it."""
    expected = get(ours, "/asynchronous")

    assert [get(ours, target) for _ in range(3)] == [expected] * 3
    assert get(ours, "/asynchronous") == expected


def test_the_loop_that_a_sync_view_creates_is_kept(ours):
    assert get(ours, "/calls_once") == get(ours, "/asynchronous") == get(ours, "/calls_often")


def test_a_middleware_constructor_uses_the_same_loop(ours, settings):
    settings.MIDDLEWARE = [f"{__name__}.CallsInItsConstructor"]

    reply = ours(event_of("http_api_v2", "GET", "/calls_once"))

    assert reply["headers"]["x-loop"] == body_of(reply).decode()


def test_a_call_on_another_loop_does_not_affect_the_next_invocation(ours):
    expected = get(ours, "/calls_once")

    get(ours, "/calls_elsewhere_first")

    assert get(ours, "/calls_once") == expected


def test_a_call_that_fails_does_not_end_the_loop(ours):
    loop = get(ours, "/calls_once")

    assert get(ours, "/fails") == f'["wrong", {loop}]'
    assert get(ours, "/calls_once") == loop


def test_a_view_that_calls_no_coroutine_needs_no_thread(ours):
    assert get(ours, "/plain") == "[]"


def test_a_task_continues_while_the_loop_is_in_use(ours):
    progress.clear()

    get(ours, "/leaves_a_task")
    time.sleep(0.1)
    paused = len(progress)
    get(ours, "/waits")

    assert paused < 3
    assert progress == ["a", "b", "c"]


@pytest.mark.django_db(transaction=True)
def test_a_call_sees_the_views_transaction(direct, ours):
    assert get(ours, "/writes") == "[1, 0]"


def test_asgiref_finds_no_loop_between_invocations(ours):
    get(ours, "/calls_often")

    assert SyncToAsync.threadlocal.main_event_loop is None
    assert async_to_sync(loop)() != int(get(ours, "/calls_once"))
