"""Streams whose clients do not read leave most of the pool to other requests."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from psycopg_pool import PoolTimeout, TooManyRequests

from django_runtimes.serving.composed_requests import ComposedRequests
from django_runtimes.serving.current_request import Request, begin_to_stream, current_request
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import lent

barrier = None

SIZE = 8
# Half of the pool belongs to synchronous iterators, and one connection to short requests.
PLACES = 3
NAMES = b"abcde"


def names():
    return Group.objects.order_by("name").values_list("name", flat=True)


def plain(request):
    return HttpResponse(str(Group.objects.count()))


async def alist(request):
    return HttpResponse("".join([name async for name in names().aiterator(chunk_size=2)]))


async def rows():
    async for name in names().aiterator(chunk_size=2):
        yield name
        if name == "a":
            await barrier.astop()


async def aexport(request):
    return StreamingHttpResponse(rows())


def export(request):
    return StreamingHttpResponse(rows())


async def executor_rows():
    """Open the cursor in an executor's job, after which the connection belongs to the cursor."""
    cursor = names().iterator(chunk_size=2)
    while (name := await asyncio.to_thread(next, cursor, None)) is not None:
        yield name
        if name == "a":
            await barrier.astop()


async def aexecutor(request):
    return StreamingHttpResponse(executor_rows())


async def apeeks(request):
    found = names().aiterator(chunk_size=1)
    first = await anext(found)

    async def peeked():
        yield first
        async for name in found:
            yield name

    return StreamingHttpResponse(peeked())


async def asteps(request):
    """Keep a transaction open from the first part to the second."""

    async def parts():
        yield "a"
        await sync_to_async(transaction.set_autocommit)(False)
        await Group.objects.acount()
        yield "b"
        await sync_to_async(transaction.rollback)()
        await sync_to_async(transaction.set_autocommit)(True)

    return StreamingHttpResponse(parts())


def in_transaction():
    with transaction.atomic():
        return "".join(names().iterator(chunk_size=2))


async def aatomic(request):
    async def parts():
        yield await sync_to_async(in_transaction)()

    return StreamingHttpResponse(parts())


async def afails(request):
    async def parts():
        async for name in names().aiterator(chunk_size=2):
            yield name
            raise ValueError("in the midst of a stream")

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("plain", plain),
    path("alist", alist),
    path("aexport", aexport),
    path("export", export),
    path("aexecutor", aexecutor),
    path("apeeks", apeeks),
    path("asteps", asteps),
    path("aatomic", aatomic),
    path("afails", afails),
]

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def groups(direct) -> None:
    Group.objects.bulk_create(Group(name=name) for name in NAMES.decode())
    connection.close()


@pytest.fixture
def pool(pooled, database):
    """A pool of eight, for whose connections requests wait one second."""
    database["OPTIONS"]["pool"] |= {"max_size": SIZE, "timeout": 1}
    connections["default"].close_pool()
    return connections["default"].pool


def free_places() -> int:
    places, taken = connections["default"].pool.stream_places, []
    while (place := places.take()) is not None:
        taken.append(place)
    for place in taken:
        place.leave()
    return len(taken)


def end_backend(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


async def outcome(stream: Exchange) -> bytes | type[BaseException] | None:
    """Return the stream's body, or the class of the error that ended it."""
    try:
        return (await stream.reply()).body
    except OperationalError as error:
        return type(error.__cause__)


async def everything_is_returned(handler) -> None:
    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all))
    assert free_places() == PLACES


# The event loop's executor has few threads, and each waiting stream occupies one.
@pytest.mark.parametrize(("target", "clients"), [("/aexport", 40), ("/export", 40), ("/aexecutor", 12)])
async def test_clients_that_never_read_leave_connections_to_others(one_hop, barrier, pool, target, clients):
    handler = one_hop(threads=SIZE, max_waiting=clients)
    streams = [Exchange(handler, "GET", target).start() for _ in range(clients)]
    await barrier.reached(PLACES)
    for _ in range(SIZE):
        assert (await exchange(handler, "GET", "/plain")).body == b"5"
    await eventually(lambda: sum(stream.task.done() for stream in streams) == clients - PLACES)

    assert lent() == PLACES
    assert (await exchange(handler, "GET", "/alist")).body == NAMES
    assert (await exchange(handler, "GET", "/aatomic")).status == 200
    barrier.open()
    outcomes = [await outcome(stream) for stream in streams]
    assert outcomes.count(NAMES) == PLACES
    assert outcomes.count(PoolTimeout) + outcomes.count(TooManyRequests) == clients - PLACES
    await everything_is_returned(handler)


@pytest.mark.parametrize("target", ["/aexport", "/export"])
async def test_streams_wait_for_a_place_of_others(one_hop, barrier, pool, target):
    barrier.open()
    pool.timeout = 10
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", target).start() for _ in range(20)]

    assert [await outcome(stream) for stream in streams] == [NAMES] * 20
    await everything_is_returned(handler)


@pytest.mark.parametrize(("target", "clients"), [("/aexport", 12), ("/export", 12), ("/aexecutor", PLACES)])
async def test_places_come_back_after_disconnects_and_cancellations(one_hop, barrier, pool, target, clients):
    # A cursor that an executor's job opened counts as closed 2 s after its client has left.
    pool.timeout = 10
    handler = one_hop(threads=SIZE)
    for end in (Exchange.disconnect, lambda stream: stream.task.cancel()):
        streams = [Exchange(handler, "GET", target).start() for _ in range(clients)]
        await barrier.reached(PLACES)
        for stream in streams:
            end(stream)
        await asyncio.wait([stream.task for stream in streams])
        barrier.close()

    barrier.open()
    assert [await outcome(Exchange(handler, "GET", target).start()) for _ in range(SIZE)] == [NAMES] * SIZE


async def test_places_come_back_after_errors(one_hop, pool):
    handler = one_hop(threads=SIZE)
    for _ in range(SIZE):
        with pytest.raises(ValueError, match="in the midst"):
            await exchange(handler, "GET", "/afails")

    await everything_is_returned(handler)


async def test_a_place_comes_back_if_the_connection_fails(one_hop, barrier, pool, monkeypatch):
    barrier.open()
    handler = one_hop(threads=SIZE)

    def refuse(timeout=None):
        raise PoolTimeout

    with monkeypatch.context() as patch:
        patch.setattr(pool, "getconn", refuse)
        for _ in range(SIZE):
            assert await outcome(Exchange(handler, "GET", "/aexport").start()) is PoolTimeout

    await everything_is_returned(handler)


async def test_a_cursor_that_the_view_opened_needs_a_place_too(one_hop, barrier, pool):
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(PLACES)]
    await barrier.reached(PLACES)

    refused = await exchange(handler, "GET", "/apeeks")
    barrier.open()

    assert refused.status == 503
    assert refused.header("Retry-After") == "1"
    assert [await outcome(stream) for stream in streams] == [NAMES] * PLACES
    assert (await exchange(handler, "GET", "/apeeks")).body == NAMES
    await everything_is_returned(handler)


async def test_a_transaction_between_two_chunks_needs_a_place(one_hop, barrier, pool):
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(PLACES)]
    await barrier.reached(PLACES)

    assert await outcome(Exchange(handler, "GET", "/asteps").start()) is PoolTimeout
    barrier.open()
    assert [await outcome(stream) for stream in streams] == [NAMES] * PLACES
    assert await outcome(Exchange(handler, "GET", "/asteps").start()) == b"ab"
    await everything_is_returned(handler)


async def test_a_stalled_client_loses_its_place(one_hop, barrier, pool, caplog):
    barrier.open()
    handler = one_hop(threads=SIZE, stalled_s=0.2)
    stalled = [Exchange(handler, "GET", target) for target in ("/aexport", "/export", "/apeeks")]
    for stream in stalled:
        stream.start()
        stream.reading.clear()
    # The head holds no connection, so the client may take its time.
    await eventually(lambda: all(stream.messages for stream in stalled[:2]))
    await asyncio.sleep(0.3)
    assert not any(stream.task.done() for stream in stalled[:2])
    for stream in stalled[:2]:
        stream.reading.set()
        await asyncio.sleep(0)
        stream.reading.clear()
    for stream in stalled:
        await asyncio.wait([stream.task], timeout=5.0)

    assert [stream.body for stream in stalled] == [b"a", b"a", b""]
    assert caplog.text.count("a client took less than") == 3
    await everything_is_returned(handler)


@pytest.mark.parametrize("target", ["/aexport", "/export"])
async def test_streams_that_keep_their_thread_need_a_place_too(one_hop, barrier, pool, target):
    handler = one_hop(threads=SIZE, streams_share=False)
    streams = [Exchange(handler, "GET", target).start() for _ in range(12)]
    await barrier.reached(PLACES)
    await eventually(lambda: sum(stream.task.done() for stream in streams) == 12 - PLACES)

    assert lent() == PLACES
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    barrier.open()
    assert [await outcome(stream) for stream in streams].count(NAMES) == PLACES
    await everything_is_returned(handler)


async def test_a_stream_whose_connection_breaks_returns_its_place(one_hop, barrier, pool):
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(PLACES)]
    await barrier.reached(PLACES)
    for each in tuple(pool._lent):
        await asyncio.to_thread(end_backend, each.info.backend_pid)
    barrier.open()
    await asyncio.wait([stream.task for stream in streams])

    assert all(stream.task.exception() is not None for stream in streams)
    await everything_is_returned(handler)
    assert (await exchange(handler, "GET", "/aexport")).body == NAMES


@pytest.mark.parametrize("strategy", ["per_request", "persistent"])
async def test_without_a_pool_all_streams_are_admitted(one_hop, barrier, strategy, request):
    request.getfixturevalue(strategy)
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(12)]
    await barrier.reached(12)
    barrier.open()

    assert [await outcome(stream) for stream in streams] == [NAMES] * 12


async def composed_stream(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        async for name in rows():
            await send({"type": "websocket.send", "text": name})
        return
    if scope["path"] == "/list":
        found = "".join([name async for name in names().aiterator(chunk_size=2)])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": found.encode()})
        # A background task of Starlette runs after the response.
        assert "".join([name async for name in names().aiterator(chunk_size=2)]) == found
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    async for name in rows():
        await send({"type": "http.response.body", "body": name.encode(), "more_body": True})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_application_alongside_django_leaves_connections_to_others(one_hop, barrier, pool, kind):
    handler = one_hop(threads=SIZE)
    composed = ComposedRequests(composed_stream, handler)
    streams = [Exchange(composed, "GET", "/", type=kind).start() for _ in range(12)]
    await barrier.reached(PLACES)
    await eventually(lambda: sum(stream.task.done() for stream in streams) == 12 - PLACES)

    assert lent() == PLACES
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    assert (await exchange(composed, "GET", "/list")).body == NAMES
    barrier.open()
    await asyncio.wait([stream.task for stream in streams])
    assert sum(stream.task.exception() is None for stream in streams) == PLACES
    await everything_is_returned(handler)


async def test_a_cursor_of_a_thread_that_has_ended_returns_its_place(pool):
    current_request.set(request := Request())
    begin_to_stream()
    rows = names().iterator(chunk_size=2)
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(copy_context().run, next, rows).result() == "a"

    assert free_places() == PLACES - 1
    assert next(rows) == "b"
    del rows
    request.end()
    await eventually(lambda: free_places() == PLACES)
