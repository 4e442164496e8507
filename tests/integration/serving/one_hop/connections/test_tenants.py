"""A request's streams, and no other request, see the values that middleware sets on the connection."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.http import StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import lent
from tests.integration.serving.tenants import tenant
from tests.integration.serving.tenants import urlpatterns as shared

barrier = None
TENANTS = ("tenant_a", "tenant_b")
STREAMS = pytest.mark.parametrize("target", ["/held", "/aheld"])


async def chunks():
    yield await sync_to_async(tenant)()
    await barrier.astop()
    for _ in range(2):
        yield await sync_to_async(tenant)()


def held(request):
    return StreamingHttpResponse(chunks())


async def aheld(request):
    return StreamingHttpResponse(chunks())


def _note(execute, *arguments):
    noted.append(connection.tenant)
    return execute(*arguments)


noted: list[str] = []


async def awrapped(request):
    connection_of_view = await sync_to_async(lambda: connections["default"])()
    await sync_to_async(connection_of_view.execute_wrappers.append)(_note)
    return StreamingHttpResponse(chunks())


async def achooses(request):
    async def chosen():
        yield await sync_to_async(tenant)()
        await sync_to_async(lambda: connection.set_tenant("tenant_c"))()
        yield await sync_to_async(tenant)()

    return StreamingHttpResponse(chosen())


urlpatterns = [
    *shared,
    path("held", held),
    path("aheld", aheld),
    path("awrapped", awrapped),
    path("achooses", achooses),
]

pytestmark = pytest.mark.django_db(transaction=True)


def as_tenant(name: str) -> dict:
    return {"headers": [(b"x-tenant", name.encode())]}


async def ask_as(handler, name: str, target: str) -> bytes:
    return (await exchange(handler, "GET", target, **as_tenant(name))).body


def is_at_rest(handler) -> bool:
    return len(handler.leases._idle) == len(handler.leases._all)


@STREAMS
async def test_interleaved_streams_see_their_tenant(tenants, one_hop, barrier, target):
    handler = one_hop(threads=1, max_native=2)
    streams = {}
    for name in TENANTS * 2:
        stream = Exchange(handler, "GET", target, **as_tenant(name)).start()
        await stream.received(name.encode())
        streams[stream] = name
    for page_of in ("/page", "/apage", "/stream", "/astream"):
        assert set((await ask_as(handler, "tenant_c", page_of)).split()) == {b"tenant_c"}
    barrier.open()

    for stream, name in streams.items():
        assert (await stream.reply()).body == f"{name} {name} {name} ".encode()
    await eventually(lambda: lent() == 0 and is_at_rest(handler))


@STREAMS
async def test_no_page_sees_a_streams_tenant(tenants, one_hop, barrier, target):
    handler = one_hop(threads=1, max_native=1)
    barrier.open()
    for name in TENANTS * 2:
        assert set((await ask_as(handler, name, target)).split()) == {name.encode()}
        for page_of in ("/page", "/apage"):
            assert await ask_as(handler, "tenant_c", page_of) == b"tenant_c "


@STREAMS
async def test_a_streams_tenant_is_reset_on_disconnect(tenants, one_hop, barrier, target):
    handler = one_hop(threads=1, max_native=1)
    stream = Exchange(handler, "GET", target, **as_tenant("tenant_a")).start()
    await stream.received(b"tenant_a")
    await barrier.reached()
    stream.disconnect()
    await stream.finish()

    await eventually(lambda: lent() == 0 and is_at_rest(handler))
    assert await ask_as(handler, "tenant_b", "/astream") == b"tenant_b tenant_b tenant_b "


async def test_a_stream_thread_keeps_no_tenant(tenants, one_hop):
    handler = one_hop(threads=1, max_native=1)

    assert await ask_as(handler, "tenant_a", "/achooses") == b"tenant_a tenant_c "

    await eventually(lambda: is_at_rest(handler))
    (thread,) = handler.leases._all
    chosen = thread.executor.submit(lambda: connection.tenant)
    assert await asyncio.wrap_future(chosen) == "public"


async def test_execute_wrappers_follow_their_request(tenants, one_hop, barrier):
    barrier.open()
    handler = one_hop(threads=1, max_native=1)
    noted.clear()

    assert await ask_as(handler, "tenant_a", "/awrapped") == b"tenant_a tenant_a tenant_a "
    assert await ask_as(handler, "tenant_b", "/aheld") == b"tenant_b tenant_b tenant_b "

    assert noted == ["tenant_a"] * 3


@STREAMS
async def test_handlers_discard_the_wrappers_of_streams(tenants, one_hop, barrier, target):
    barrier.open()
    handler = one_hop(threads=1, max_native=1)
    for name in TENANTS * 3:
        await ask_as(handler, name, target)

    await eventually(lambda: is_at_rest(handler))
    assert sum(len(threads._connections) for threads in (handler._threads, *handler.leases._all)) == 0


@STREAMS
async def test_streams_that_keep_their_threads_see_their_tenant(
    djangos_tenants, one_hop, barrier, opened_connections, target
):
    handler = one_hop(threads=1, max_native=3)
    streams = {}
    for name in TENANTS:
        streams[name] = Exchange(handler, "GET", target, **as_tenant(name)).start()
        await streams[name].received(name.encode())
        assert await ask_as(handler, "tenant_c", "/page") == b"tenant_c "
    barrier.open()

    for name, stream in streams.items():
        assert (await stream.reply()).body == f"{name} {name} {name} ".encode()
    await eventually(lambda: is_at_rest(handler))
    assert await ask_as(handler, "tenant_c", "/apage") == b"tenant_c "
    assert sum(wrapper.connection is not None for wrapper in opened_connections) <= 3
