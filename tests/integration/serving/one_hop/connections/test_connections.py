"""Database connections are released at the end of their request, whichever thread they are on."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

barrier = None


def names(request):
    return HttpResponse(",".join(Group.objects.order_by("name").values_list("name", flat=True)))


async def anames(request):
    return HttpResponse(
        ",".join([name async for name in Group.objects.order_by("name").values_list("name", flat=True)])
    )


def failing(request):
    Group.objects.exists()
    raise ValueError


async def afailing(request):
    await Group.objects.aexists()
    raise ValueError


def stream(request):
    return StreamingHttpResponse(f"{group.name}," for group in Group.objects.order_by("name").iterator(chunk_size=2))


async def names_later():
    async for group in Group.objects.order_by("name").aiterator(chunk_size=2):
        yield f"{group.name},"


async def astream(request):
    return StreamingHttpResponse(names_later())


def mixed_stream(request):
    """A synchronous view with an asynchronous stream, and a query before it."""
    assert Group.objects.exists()
    return StreamingHttpResponse(names_later())


def held_stream(request):
    """Return a stream of rows that waits at the barrier after each row."""

    async def rows():
        async for name in names_later():
            yield name
            await barrier.astop()

    return StreamingHttpResponse(rows())


def held(request):
    count = Group.objects.count()
    barrier.stop()
    return HttpResponse(f"{count}, then {Group.objects.count()}")


async def aheld(request):
    await Group.objects.acount()
    await barrier.astop()
    return HttpResponse(str(await Group.objects.acount()))


def set_tenant() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET app.tenant = 'a'")


def tenant() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant', true)")
        return cursor.fetchone()[0] or "none"


async def atenant(request):
    async def later():
        await sync_to_async(set_tenant)()
        yield f"{await sync_to_async(tenant)()} "
        yield await sync_to_async(tenant)()

    return StreamingHttpResponse(later())


async def atenant_held(request):
    await sync_to_async(set_tenant)()
    await barrier.astop()


urlpatterns = [
    path("async/tenant", atenant),
    path("async/tenant/held", atenant_held),
    path("sync/names", names),
    path("async/names", anames),
    path("sync/failing", failing),
    path("async/failing", afailing),
    path("sync/stream", stream),
    path("async/stream", astream),
    path("mixed/stream", mixed_stream),
    path("mixed/stream/held", held_stream),
    path("sync/held", held),
    path("async/held", aheld),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def groups() -> list[str]:
    names = ["a", "b", "c", "d", "e"]
    Group.objects.bulk_create(Group(name=name) for name in names)
    return names


def count_open(opened) -> int:
    return sum(wrapper.connection is not None for wrapper in opened)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@pytest.mark.parametrize(
    "target",
    [
        "/sync/names",
        "/async/names",
        "/sync/failing",
        "/async/failing",
        "/sync/stream",
        "/async/stream",
        "/mixed/stream",
    ],
)
async def test_no_connection_outlives_its_request(per_request, handler, groups, opened_connections, target):
    for _ in range(3):
        await exchange(handler, "GET", target)

    assert opened_connections
    assert count_open(opened_connections) == 0


@WAYS
async def test_the_profiles_strategy_works(both, groups, way):
    assert (await both("GET", f"{way}/names")).body == b"a,b,c,d,e"


async def test_a_request_uses_one_connection_on_the_views_thread(per_request, one_hop, groups, opened_connections):
    await exchange(one_hop(), "GET", "/sync/names")

    assert len(opened_connections) == 1


@pytest.mark.parametrize("target", ["/sync/names", "/async/names"])
async def test_persistent_connections_do_not_accumulate(persistent, one_hop, groups, opened_connections, target):
    handler = one_hop(threads=4, max_waiting=20)

    for _ in range(20):
        await exchange(handler, "GET", target)
    after_sequential = len(opened_connections)
    for _ in range(5):
        await asyncio.gather(*(exchange(handler, "GET", target) for _ in range(4)))

    assert after_sequential <= 4
    assert len(opened_connections) <= 4


async def test_few_connections_remain_after_many_async_requests(
    persistent, one_hop, groups, opened_connections, barrier
):
    handler = one_hop(threads=2)
    crowd = [Exchange(handler, "GET", "/async/held").start() for _ in range(10)]
    await barrier.reached(10)
    at_the_peak = count_open(opened_connections)
    barrier.open()
    for one in crowd:
        assert (await one.reply()).status == 200

    assert at_the_peak == 10
    await eventually(lambda: count_open(opened_connections) <= 2)
    assert (await exchange(handler, "GET", "/async/names")).status == 200


async def test_async_streams_do_not_add_persistent_connections(persistent, one_hop, groups, opened_connections):
    handler = one_hop(threads=2)

    for _ in range(10):
        assert (await exchange(handler, "GET", "/mixed/stream")).body == b"a,b,c,d,e,"
        assert count_open(opened_connections) <= 4

    # Each stream uses separate wrappers and closes them.
    await eventually(lambda: count_open(opened_connections) == 0)


async def test_a_stream_adds_no_second_connection_to_a_thread(persistent, one_hop, groups, opened_connections, barrier):
    handler = one_hop(threads=1, max_native=1)
    await exchange(handler, "GET", "/async/names")
    assert count_open(opened_connections) == 1

    held = Exchange(handler, "GET", "/mixed/stream/held").start()
    await barrier.reached()

    # Only the stream's open cursor may hold a connection; through a proxy there is no such cursor.
    assert len(handler.leases._all) == 1
    assert count_open(opened_connections) <= 1
    barrier.open()
    assert (await held.reply()).body == b"a,b,c,d,e,"


async def test_the_session_state_of_a_chunk_ends_with_the_chunk(persistent, direct, one_hop):
    assert (await exchange(one_hop(), "GET", "/async/tenant")).body == b"a none"


async def test_an_interrupted_lease_frees_its_thread():
    leases = ThreadLeases(keeping=1)

    async def fail() -> None:
        async with leases.lease():
            await sync_to_async(threading.get_ident)()
            raise ValueError("cut off")

    with pytest.raises(ValueError, match="cut off"):
        await fail()
    await eventually(lambda: leases._idle == leases._all)
    await asyncio.to_thread(leases.close)


async def test_an_interrupted_request_leaves_no_session_state(persistent, direct, one_hop, barrier):
    handler = one_hop(threads=1, max_native=1)
    leaving = Exchange(handler, "GET", "/async/tenant/held").start()
    await barrier.reached()
    (lease_thread,) = handler.leases._all
    leaving.disconnect()
    await leaving.finish()
    await eventually(lambda: handler.leases._idle)

    # A call outside any request would still see leftover state.
    assert await asyncio.wrap_future(lease_thread.executor.submit(tenant)) == "none"


@pytest.mark.parametrize("target", ["/sync/names", "/async/names", "/mixed/stream"])
async def test_a_persistent_connection_is_closed_with_the_handler(persistent, groups, opened_connections, target):
    handler = OneHopASGIHandler(threads=2)
    for _ in range(4):
        await exchange(handler, "GET", target)

    await asyncio.to_thread(handler.close)

    assert opened_connections
    assert count_open(opened_connections) == 0


@pytest.mark.parametrize("target", ["/sync/held", "/async/held"])
async def test_closing_waits_for_requests_and_closes_their_connections(
    persistent, groups, opened_connections, barrier, target
):
    handler = OneHopASGIHandler(threads=3)
    inside = Exchange(handler, "GET", target).start()
    await barrier.reached()

    closing = asyncio.create_task(asyncio.to_thread(handler.close))
    await asyncio.sleep(0.05)
    barrier.open()
    reply = await inside.reply()
    await closing

    assert reply.status == 200
    assert count_open(opened_connections) == 0


@WAYS
async def test_the_threads_end_with_the_handler(groups, way):
    before = set(threading.enumerate())
    handler = OneHopASGIHandler(threads=3, max_waiting=6)
    await asyncio.gather(*(exchange(handler, "GET", f"{way}/names") for _ in range(6)))
    started = {thread for thread in threading.enumerate() if thread.name.startswith("django")} - before

    await asyncio.to_thread(handler.close)

    assert started
    assert not [thread for thread in started if thread.is_alive()]


def test_an_unused_handler_can_be_closed():
    OneHopASGIHandler(threads=2).close()
