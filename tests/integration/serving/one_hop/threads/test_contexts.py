"""A request's context is visible throughout the request, and never in the next request."""

import asyncio
import threading

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from tests.integration.serving.one_hop.exchange import Exchange, exchange
from tests.integration.serving.request_state import STATE_PATHS, change_state, local, variable


def changes_while_streaming(request):
    def chunks():
        change_state()
        yield b"changed"

    return StreamingHttpResponse(chunks())


async def achanges_while_streaming(request):
    async def chunks():
        change_state()
        yield b"changed"

    return StreamingHttpResponse(chunks())


def bridges(request):
    """Call the loop from a synchronous view, and the view's thread from the loop."""
    thread = threading.get_ident()

    async def on_the_loop():
        local.value = "below"
        variable.set("below")
        return {
            "loop": id(asyncio.get_running_loop()),
            "its own thread": threading.get_ident() != thread,
            "back on the view's thread": await sync_to_async(threading.get_ident)() == thread,
            "on another": await sync_to_async(threading.get_ident, thread_sensitive=False)() != thread,
        }

    return JsonResponse(async_to_sync(on_the_loop)() | {"local": local.value, "variable": variable.get()})


async def abridges(request):
    """Call a thread from an asynchronous view, and the view's loop from the thread."""
    loop = asyncio.get_running_loop()

    def on_a_thread():
        local.value = "above"
        variable.set("above")
        return threading.get_ident()

    async def loop_below():
        return id(asyncio.get_running_loop())

    first, second = await sync_to_async(on_a_thread)(), await sync_to_async(on_a_thread)()
    below = await sync_to_async(async_to_sync(loop_below))()
    return JsonResponse(
        {
            "loop": id(loop),
            "beside it": first != threading.get_ident(),
            "the same": first == second,
            "the same loop below": below == id(loop),
            "local": local.value,
            "variable": variable.get(),
        }
    )


def gathers(request):
    async def both():
        return await asyncio.gather(asyncio.sleep(0, "a"), asyncio.sleep(0, "b"))

    return HttpResponse("".join(async_to_sync(both)()))


urlpatterns = [
    *STATE_PATHS,
    path("sync/stream", changes_while_streaming),
    path("async/stream", achanges_while_streaming),
    path("sync/bridges", bridges),
    path("async/bridges", abridges),
    path("sync/gathers", gathers),
]


@sync_and_async_middleware
def sets_locals(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            local.value = variable_value = "of middleware"
            variable.set(variable_value)
            response = await get_response(request)
            response["X-After"] = f"{local.value}, {variable.get()}"
            return response
    else:

        def middleware(request):
            local.value = variable_value = "of middleware"
            variable.set(variable_value)
            response = get_response(request)
            response["X-After"] = f"{local.value}, {variable.get()}"
            return response

    return middleware


class Outer:
    """ASGI middleware that records the variables while the response is sent."""

    def __init__(self, application):
        self.application = application
        self.seen = []

    async def __call__(self, scope, receive, send):
        async def note(message):
            self.seen.append((local.value, variable.get()))
            await send(message)

        local.value = "of the outside"
        variable.set("of the outside")
        await self.application(scope, receive, note)


WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


@WAYS
async def test_locals_pass_between_middleware_and_view(both, settings, listed, way):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, listed(f"{__name__}.sets_locals")]

    seen = await both("GET", f"{way}/states")
    changed = await both("GET", f"{way}/changes")

    assert b'"local": "of middleware", "variable": "of middleware"' in seen.body
    assert seen.header("X-After") == "of middleware, of middleware"
    assert changed.header("X-After") == "changed, changed"


@WAYS
async def test_the_view_sees_variables_of_outer_asgi_middleware(handler, way):
    reply = await exchange(Outer(handler), "GET", f"{way}/states")

    assert b'"local": "of the outside", "variable": "of the outside"' in reply.body


@WAYS
async def test_outer_asgi_middleware_sees_the_views_changes(handler, way):
    outer = Outer(handler)

    await exchange(outer, "GET", f"{way}/changes")

    assert set(outer.seen) == {("changed", "changed")}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@pytest.mark.parametrize("change", ["/sync/changes", "/async/changes", "/sync/stream", "/async/stream"])
@pytest.mark.parametrize("then", ["/sync/states", "/async/states"])
async def test_no_state_leaks_into_the_next_request(handler, change, then):
    untouched = (await exchange(handler, "GET", then)).body

    for _ in range(3):
        await exchange(handler, "GET", change)
        assert (await exchange(handler, "GET", then)).body == untouched


async def test_no_state_leaks_into_the_next_request_on_one_thread(one_hop):
    handler = one_hop(threads=1)
    untouched = (await exchange(handler, "GET", "/sync/states")).body

    for change in ("/sync/changes", "/sync/stream", "/async/changes"):
        await exchange(handler, "GET", change)
        assert (await exchange(handler, "GET", "/sync/states")).body == untouched


@WAYS
async def test_bridges_use_the_servers_loop_and_the_requests_thread(both, way):
    reply = await both("GET", f"{way}/bridges")

    assert b"false" not in reply.body
    assert f'"loop": {id(asyncio.get_running_loop())}'.encode() in reply.body
    assert reply.body.count(b'"below"' if way == "/sync" else b'"above"') == 2


async def test_a_synchronous_view_gathers_coroutines(both):
    assert (await both("GET", "/sync/gathers")).body == b"ab"


async def test_bridges_of_concurrent_requests_do_not_block_each_other(one_hop):
    handler = one_hop(threads=2, max_waiting=20)

    bridging = [Exchange(handler, "GET", "/sync/bridges").start() for _ in range(20)]

    assert [(await one.reply()).status for one in bridging] == [200] * 20
