"""Streams whose clients do not read leave most of the pool to other requests."""

import pytest
from psycopg_pool import PoolTimeout, TooManyRequests

from tests.integration.serving.one_hop.connections.stream_places.exports import (  # noqa: F401  (urlpatterns)
    NAMES,
    PLACES,
    SIZE,
    everything_is_returned,
    outcome,
    urlpatterns,
)
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import lent

pytestmark = [pytest.mark.django_db(transaction=True)]


# The event loop's executor has few threads, and each waiting stream occupies one.
@pytest.mark.parametrize(("target", "clients"), [("/aexport", 40), ("/export", 40), ("/aexecutor", 12)])
async def test_clients_that_never_read_leave_connections_to_others(one_hop, barrier, pool, target, clients):
    handler = one_hop(threads=SIZE, max_waiting=clients)
    streams = [Exchange(handler, "GET", target).start() for _ in range(clients)]
    await barrier.reached(PLACES)
    for _ in range(SIZE):
        assert (await exchange(handler, "GET", "/plain")).body == b"5"
    await eventually(lambda: sum(stream.task.done() for stream in streams) == clients - PLACES)

    await eventually(lambda: lent() == PLACES)
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
    pool.timeout = 60
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", target).start() for _ in range(20)]

    assert [await outcome(stream) for stream in streams] == [NAMES] * 20
    await everything_is_returned(handler)


async def test_a_cursor_that_the_view_opened_needs_a_place_too(one_hop, barrier, pool):
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(PLACES)]
    await barrier.reached(PLACES)

    refused = await exchange(handler, "GET", "/apeeks")
    barrier.open()

    pool.timeout = 60
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
    pool.timeout = 60
    barrier.open()
    assert [await outcome(stream) for stream in streams] == [NAMES] * PLACES
    assert await outcome(Exchange(handler, "GET", "/asteps").start()) == b"ab"
    await everything_is_returned(handler)


@pytest.mark.parametrize("target", ["/aexport", "/export"])
async def test_streams_that_keep_their_thread_need_a_place_too(one_hop, barrier, pool, target):
    handler = one_hop(threads=SIZE, streams_share=False)
    streams = [Exchange(handler, "GET", target).start() for _ in range(12)]
    await barrier.reached(PLACES)
    await eventually(lambda: sum(stream.task.done() for stream in streams) == 12 - PLACES)

    await eventually(lambda: lent() == PLACES)
    assert (await exchange(handler, "GET", "/plain")).body == b"5"
    barrier.open()
    assert [await outcome(stream) for stream in streams].count(NAMES) == PLACES
    await everything_is_returned(handler)


@pytest.mark.parametrize("strategy", ["per_request", "persistent"])
async def test_without_a_pool_all_streams_are_admitted(one_hop, barrier, strategy, request):
    request.getfixturevalue(strategy)
    handler = one_hop(threads=SIZE)
    streams = [Exchange(handler, "GET", "/aexport").start() for _ in range(12)]
    await barrier.reached(12)
    barrier.open()

    assert [await outcome(stream) for stream in streams] == [NAMES] * 12
