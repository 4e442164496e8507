"""Views that close or stop event loops do not affect other invocations."""

import asyncio
import threading

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of

kept: list[asyncio.AbstractEventLoop] = []


async def work():
    return "worked"


async def keep():
    kept[:] = [asyncio.get_running_loop()]
    return "kept"


async def stop():
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)
    return "stopped"


def closes_current(request):
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    try:
        return HttpResponse(loop.run_until_complete(work()))
    finally:
        loop.close()


def closes_kept(request):
    kept[0].close()
    return HttpResponse("closed")


def closes_kept_first(request):
    kept[0].close()
    return HttpResponse(async_to_sync(work)())


def keeps(request):
    return HttpResponse(async_to_sync(keep)())


def stops(request):
    return HttpResponse(async_to_sync(stop)() + async_to_sync(work)())


def bridged(request):
    return HttpResponse(async_to_sync(work)())


async def asynchronous(request):
    return HttpResponse(await work())


async def ends_executor(request):
    await asyncio.get_running_loop().shutdown_default_executor()
    return HttpResponse("ended")


async def threaded(request):
    return HttpResponse(await asyncio.to_thread(str, "worked"))


urlpatterns = [
    path(view.__name__, view)
    for view in (
        *(closes_current, closes_kept, closes_kept_first, keeps, stops, bridged, asynchronous),
        *(ends_executor, threaded),
    )
]


def get(ours, target):
    reply = ours(event_of("http_api_v2", "GET", target))
    assert status_of(reply) == 200, body_of(reply)
    return body_of(reply).decode()


@pytest.mark.parametrize("before", ["/asynchronous", "/bridged", "/closes_current"])
def test_a_view_that_closes_its_current_loop(both, before):
    targets = [before, "/closes_current", "/asynchronous", "/bridged", "/closes_current"]

    assert [get(both, target) for target in targets] == ["worked"] * 5


@pytest.mark.parametrize("after", ["/asynchronous", "/bridged"])
def test_a_loop_that_the_application_closes_is_replaced(ours, caplog, after):
    get(ours, "/keeps")
    get(ours, "/closes_kept")

    assert [get(ours, after), get(ours, after)] == ["worked"] * 2
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "the application closed the event loop that serves all requests, or its executor, so a new one replaces it; "
        "close only loops that your code has created"
    ]


def test_an_executor_that_the_application_ends_is_replaced(ours):
    assert get(ours, "/threaded") == "worked"
    get(ours, "/ends_executor")

    assert [get(ours, "/threaded"), get(ours, "/bridged"), get(ours, "/threaded")] == ["worked"] * 3


def test_a_view_that_closes_the_loop_before_it_uses_it(ours):
    get(ours, "/keeps")

    assert get(ours, "/closes_kept_first") == "worked"


def test_a_handler_whose_loop_is_closed_can_close(ours):
    get(ours, "/keeps")

    get(ours, "/closes_kept")


def test_a_coroutine_that_stops_the_loop_does_not_hang_its_view(ours, caplog):
    bodies = []
    invoking = threading.Thread(target=lambda: bodies.append(get(ours, "/stops")), daemon=True)
    invoking.start()
    invoking.join(60)

    assert bodies == ["stoppedworked"]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "the application stopped the event loop that serves all requests, so it is started again"
    ]
    assert [get(ours, target) for target in ("/bridged", "/asynchronous")] == ["worked"] * 2
