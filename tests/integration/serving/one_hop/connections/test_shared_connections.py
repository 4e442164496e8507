"""Asynchronous requests and streams hold a pooled connection only while a query needs it."""

import asyncio
from itertools import count as numbers

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.signals import request_finished
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import POOL_SIZE, lent

barrier = None
_numbers = numbers()

CROWD = 4 * POOL_SIZE


def plain(request):
    return HttpResponse(str(Group.objects.count()))


async def aslow(request):
    before = await Group.objects.acount()
    await barrier.astop()
    return HttpResponse(f"{before}, then {await Group.objects.acount()}")


async def ticks():
    yield f"{await Group.objects.acount()}\n"
    await barrier.astop()
    yield f"{await Group.objects.acount()}\n"


async def afeed(request):
    await Group.objects.acount()
    return StreamingHttpResponse(ticks())


def feed(request):
    Group.objects.count()
    return StreamingHttpResponse(ticks())


async def aexport(request):
    async def rows():
        async for name in Group.objects.order_by("name").values_list("name", flat=True).aiterator(chunk_size=2):
            yield name
            if name == "a":
                await barrier.astop()

    return StreamingHttpResponse(rows())


def _set_tenant():
    with connection.cursor() as cursor:
        cursor.execute("SET app.tenant = 'a'")


def _tenant() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant', true)")
        return cursor.fetchone()[0] or "none"


async def atenant(request):
    await sync_to_async(_set_tenant)()
    seen = await sync_to_async(_tenant)()

    async def later():
        yield f"{seen} "
        await sync_to_async(_set_tenant)()
        yield f"{await sync_to_async(_tenant)()} "
        yield await sync_to_async(_tenant)()

    return StreamingHttpResponse(later())


async def atransaction(request):
    # Two transactions that insert the same name would block each other.
    name = f"new {next(_numbers)}"

    async def rows():
        await sync_to_async(transaction.set_autocommit)(False)
        await Group.objects.acreate(name=name)
        yield "begun "
        await barrier.astop()
        yield f"{await Group.objects.filter(name=name).acount()}"
        await sync_to_async(transaction.rollback)()
        await sync_to_async(transaction.set_autocommit)(True)

    return StreamingHttpResponse(rows())


async def afails(request):
    async def rows():
        await Group.objects.acount()
        yield "first"
        await sync_to_async(_set_tenant)()
        raise ValueError("in the midst of a stream")

    return StreamingHttpResponse(rows())


urlpatterns = [
    path("plain", plain),
    path("aslow", aslow),
    path("afeed", afeed),
    path("feed", feed),
    path("aexport", aexport),
    path("atenant", atenant),
    path("atransaction", atransaction),
    path("afails", afails),
]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pooled", "groups")]


@pytest.fixture
def groups() -> None:
    Group.objects.bulk_create(Group(name=name) for name in "abcde")
    connection.close()


async def test_views_that_wait_leave_the_pool_to_others(one_hop, barrier):
    handler = one_hop(threads=2)
    waiting = [Exchange(handler, "GET", "/aslow").start() for _ in range(CROWD)]
    await barrier.reached(CROWD)

    await eventually(lambda: lent() == 0)
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    barrier.open()
    assert [(await one.reply()).body for one in waiting] == [b"5, then 5"] * CROWD


@pytest.mark.parametrize("target", ["/afeed", "/feed"])
async def test_streams_hold_no_connection_between_chunks(one_hop, barrier, target):
    handler = one_hop(threads=1, max_native=1)
    streams = []
    for _ in range(CROWD):
        streams.append(Exchange(handler, "GET", target).start())
        await streams[-1].received(b"5\n")

    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all) == 1)
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    barrier.open()
    assert [(await one.reply()).body for one in streams] == [b"5\n5\n"] * CROWD


async def test_a_slow_client_holds_no_connection(one_hop, barrier):
    handler = one_hop()
    barrier.open()
    slow = Exchange(handler, "GET", "/afeed")
    slow.reading.clear()
    slow.start()
    await eventually(lambda: slow.messages)
    await asyncio.sleep(0.05)

    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all))
    slow.reading.set()
    assert (await slow.reply()).body == b"5\n5\n"


async def test_an_open_cursor_keeps_its_connection_across_chunks(one_hop, barrier):
    handler = one_hop()
    export = Exchange(handler, "GET", "/aexport").start()
    await export.received(b"a")
    await barrier.reached()

    assert lent() == 1
    barrier.open()
    assert (await export.reply()).body == b"abcde"
    await eventually(lambda: lent() == 0)


async def test_a_transaction_keeps_its_connection_across_chunks(one_hop, barrier):
    handler = one_hop()
    stream = Exchange(handler, "GET", "/atransaction").start()
    await stream.received(b"begun ")
    await barrier.reached()

    assert lent() == 1
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    barrier.open()
    assert (await stream.reply()).body == b"begun 1"
    await eventually(lambda: lent() == 0)
    assert (await exchange(handler, "GET", "/plain")).body == b"5"


async def test_session_state_lasts_across_queries_but_not_chunks(one_hop):
    assert (await exchange(one_hop(), "GET", "/atenant")).body == b"a a none"


async def test_a_failing_stream_releases_everything(one_hop):
    handler = one_hop()
    for _ in range(POOL_SIZE + 1):
        with pytest.raises(ValueError, match="in the midst"):
            await exchange(handler, "GET", "/afails")

    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all))


@pytest.mark.parametrize("target", ["/aexport", "/atransaction"])
async def test_a_disconnected_stream_releases_everything(one_hop, barrier, target):
    handler = one_hop()
    # The pool lets one stream keep its connection.
    streams = [Exchange(handler, "GET", each).start() for each in (target, "/afeed", "/afeed")]
    await barrier.reached(3)
    for stream in streams:
        stream.disconnect()
    for stream in streams:
        await stream.finish()

    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all))
    assert (await exchange(handler, "GET", "/plain")).body == b"5"


@pytest.mark.parametrize("target", ["/plain", "/afeed"])
async def test_queries_after_the_last_signal_hold_no_connection(one_hop, barrier, target):
    barrier.open()

    def count(**_):
        Group.objects.count()

    request_finished.connect(count)
    try:
        handler = one_hop(threads=2 * POOL_SIZE)
        replies = await asyncio.gather(*[exchange(handler, "GET", target) for _ in range(CROWD)])
    finally:
        request_finished.disconnect(count)

    assert {reply.status for reply in replies} == {200}
    await eventually(lambda: lent() == 0)


async def test_calls_of_streams_queue_for_a_thread(one_hop, barrier):
    barrier.open()
    handler = one_hop(threads=1, max_native=2, max_waiting=CROWD)
    streams = [Exchange(handler, "GET", "/feed").start() for _ in range(CROWD)]

    assert {(await one.reply()).body for one in streams} == {b"5\n5\n"}
    assert len(handler.leases._all) <= 2
