"""SystemExit and KeyboardInterrupt raised in a request end that request, not the process."""

import asyncio
import contextlib
import logging
import signal
import sys
import threading

import pytest
import uvloop
from django.core.signals import request_finished
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from django_runtimes.serving.asgi.exits import ExitInRequestError, contained_exits, run_through_exits
from tests.integration.serving.one_hop.exchange import Exchange, exchange

EXITS = {"exit": SystemExit(1), "interrupt": KeyboardInterrupt()}


def view(request, name):
    raise EXITS[name]


async def aview(request, name):
    raise EXITS[name]


async def gathers(request, name):
    await asyncio.gather(aview(request, name), asyncio.sleep(1))


async def groups(request, name):
    async with asyncio.TaskGroup() as group:
        group.create_task(aview(request, name))


async def gathered_chunks(name):
    yield b"first"
    await asyncio.gather(aview(None, name))


def gathered_stream(request, name):
    return StreamingHttpResponse(gathered_chunks(name))


def chunks(name):
    yield b"first"
    raise EXITS[name]


async def achunks(name):
    yield b"first"
    raise EXITS[name]


def stream(request, name):
    return StreamingHttpResponse(chunks(name))


async def astream(request, name):
    return StreamingHttpResponse(achunks(name))


def mixed_stream(request, name):
    return StreamingHttpResponse(achunks(name))


async def mixed_astream(request, name):
    return StreamingHttpResponse(chunks(name))


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


urlpatterns = [
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/<name>", view),
    path("async/<name>", aview),
    *[
        path(f"{one.__name__}/<name>", one)
        for one in (stream, astream, mixed_stream, mixed_astream, gathers, groups, gathered_stream)
    ],
]


@sync_and_async_middleware
def exits(get_response):
    def middleware(request):
        raise SystemExit(1)

    return middleware


@pytest.mark.parametrize("name", EXITS)
@pytest.mark.parametrize("way", ["/sync", "/async"])
async def test_a_view_that_exits_is_an_internal_error(one_hop, signals, caplog, way, name):
    reply = await exchange(one_hop(), "GET", f"{way}/{name}")

    assert reply.status == 500
    assert signals == ["request_started", "got_request_exception", "request_finished"]
    assert [record.exc_info[0] for record in caplog.records] == [ExitInRequestError]


@pytest.mark.parametrize("name", EXITS)
@pytest.mark.parametrize("target", ["/stream", "/astream", "/mixed_stream", "/mixed_astream"])
async def test_a_stream_that_exits_ends_only_its_request(one_hop, signals, target, name):
    handler = one_hop(threads=1, max_waiting=0)
    request = Exchange(handler, "GET", f"{target}/{name}").start()

    with pytest.raises(ExitInRequestError, match="ends this request alone"):
        await request.finish()

    assert request.body == b"first"
    assert signals == ["request_started", "request_finished"]
    assert (await exchange(handler, "GET", "/sync/plain")).status == 200


@pytest.mark.parametrize("target", ["/sync/plain", "/async/plain"])
async def test_middleware_that_exits_ends_only_its_request(one_hop, settings, listed, target):
    settings.MIDDLEWARE = [listed(f"{__name__}.exits")]

    with pytest.raises(ExitInRequestError):
        await exchange(one_hop(), "GET", target)


@pytest.mark.parametrize("target", ["/sync/plain", "/async/plain"])
async def test_a_receiver_that_exits_ends_only_its_request(one_hop, target):
    def receiver(**_):
        raise SystemExit(1)

    request_finished.connect(receiver)
    try:
        with pytest.raises(ExitInRequestError):
            await exchange(one_hop(), "GET", target)
    finally:
        request_finished.disconnect(receiver)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_signal_ends_the_process(error):
    def stop(*_):
        raise error

    before = signal.signal(signal.SIGUSR2, stop)
    try:
        with pytest.raises(error), contained_exits():
            signal.raise_signal(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_an_interrupt_from_the_keyboard_ends_the_process():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), contained_exits():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


async def fails_before():
    future = asyncio.get_running_loop().create_future()
    future.set_exception(KeyboardInterrupt())
    await future


async def fails_during():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, KeyboardInterrupt())
    await future


async def fails_below():
    await fails_during()


async def fails_in_a_task():
    await asyncio.gather(fails_before())


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request):
    """Yield a worker's event loop, because an exit on pytest's own loop would end the tests."""
    factory = asyncio.new_event_loop if request.param == "asyncio" else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner.get_loop()


async def leave(error, *, after_s=0.01):
    await asyncio.sleep(after_s)
    raise error


@pytest.mark.parametrize("awaits", [fails_before, fails_during, fails_below, fails_in_a_task])
def test_an_interrupt_that_a_future_holds_is_not_a_signals(loop, awaits):
    async def contained():
        with contained_exits():
            await awaits()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(ExitInRequestError):
            run_through_exits(loop, loop.create_task(contained()))
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_while_a_coroutine_runs_ends_the_loop(loop):
    async def interrupted():
        signal.raise_signal(signal.SIGINT)

    async def contained():
        with contained_exits():
            await interrupted()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_through_exits(loop, loop.create_task(contained()))
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", EXITS)
@pytest.mark.parametrize("target", ["/gathers", "/groups"])
def test_a_views_task_that_exits_is_an_internal_error(one_hop, loop, signals, target, name):
    reply = run_through_exits(loop, loop.create_task(exchange(one_hop(), "GET", f"{target}/{name}")))

    assert reply.status == 500
    assert signals == ["request_started", "got_request_exception", "request_finished"]


@pytest.mark.parametrize("name", EXITS)
def test_a_streams_task_that_exits_ends_only_its_request(one_hop, loop, name):
    handler = one_hop(threads=1, max_waiting=0)

    with pytest.raises(ExitInRequestError):
        run_through_exits(loop, loop.create_task(exchange(handler, "GET", f"/gathered_stream/{name}")))

    reply = run_through_exits(loop, loop.create_task(exchange(handler, "GET", "/sync/plain")))
    assert reply.status == 200


@pytest.mark.parametrize("error", EXITS.values())
def test_a_task_that_exits_does_not_end_the_other_tasks(loop, caplog, error):
    async def others():
        left = asyncio.create_task(leave(error))
        assert await asyncio.gather(asyncio.sleep(0.1, "one"), asyncio.to_thread(int, "2")) == ["one", 2]
        return left

    left = run_through_exits(loop, loop.create_task(others()))

    assert left.exception() is error
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("error", [*EXITS.values(), ValueError("wrong"), asyncio.CancelledError()])
def test_the_main_task_raises_its_own_exception(loop, error):
    with pytest.raises(type(error)):
        run_through_exits(loop, loop.create_task(leave(error)))


def test_an_exit_ends_a_loop_that_may_not_continue(loop):
    loop.call_later(0.01, sys.exit, 3)

    with pytest.raises(SystemExit):
        run_through_exits(loop, loop.create_task(asyncio.sleep(10)), may_go_on=lambda: False)


def test_an_exit_by_a_signal_handler_ends_the_loop(loop):
    def stop(*_):
        raise SystemExit

    before = signal.signal(signal.SIGUSR2, stop)
    loop.call_later(0.01, signal.raise_signal, signal.SIGUSR2)
    try:
        with pytest.raises(SystemExit):
            run_through_exits(loop, loop.create_task(asyncio.sleep(10)))
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_an_interrupt_raised_by_code_ends_no_process():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(ExitInRequestError), contained_exits():
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_from_the_keyboard_ends_any_code():
    def works():
        timer = threading.Timer(0.02, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT])
        timer.start()
        with contained_exits():
            while True:
                with contextlib.nullcontext():
                    timer.is_alive()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for _ in range(20):
            with pytest.raises(KeyboardInterrupt):
                works()
    finally:
        signal.signal(signal.SIGINT, before)
