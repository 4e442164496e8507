"""A transaction that a request leaves open is rolled back, and its connection wrapper is freed."""

import gc
from weakref import WeakSet

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.backends.signals import connection_created
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange
from tests.integration.serving.one_hop.strategy import POOL_SIZE, lent

barrier = None


def plain(request):
    return HttpResponse(str(Group.objects.count()))


def leaves_atomic(request):
    transaction.atomic().__enter__()
    Group.objects.create(name="left")
    return HttpResponse(str(Group.objects.count()))


async def aleaves_atomic(request):
    return await sync_to_async(leaves_atomic)(request)


async def acut_in_atomic(request):
    atomic = transaction.atomic()
    await sync_to_async(atomic.__enter__)()
    await Group.objects.acreate(name="left")
    await barrier.astop()


async def aleaves_atomic_stream(request):
    async def rows():
        yield "before, "
        yield (await aleaves_atomic(request)).content

    return StreamingHttpResponse(rows())


async def afeed(request):
    async def rows():
        for _ in range(2):
            yield str(await Group.objects.acount())

    return StreamingHttpResponse(rows())


urlpatterns = [
    path("plain", plain),
    path("aplain", sync_to_async(plain)),
    path("afeed", afeed),
    path("leaves_atomic", leaves_atomic),
    path("aleaves_atomic", aleaves_atomic),
    path("aleaves_atomic_stream", aleaves_atomic_stream),
    path("acut_in_atomic", acut_in_atomic),
]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("direct")]


@pytest.fixture
def connected():
    """Collect the wrappers of new database connections, without keeping them in memory."""
    wrappers = WeakSet()

    def remember(connection, **_):
        wrappers.add(connection)

    connection_created.connect(remember)
    yield wrappers
    connection_created.disconnect(remember)


@pytest.mark.parametrize("strategy", ["pooled", "per_request", "persistent"])
@pytest.mark.parametrize("view", ["leaves_atomic", "aleaves_atomic"])
async def test_the_wrapper_of_a_transaction_left_open_is_freed(request, one_hop, connected, strategy, view):
    request.getfixturevalue(strategy)
    handler = one_hop(threads=1)

    def only_one_is_left():
        gc.collect()
        return len(connected) <= 1

    for _ in range(3):
        assert (await exchange(handler, "GET", f"/{view}")).body == b"1"
    await eventually(only_one_is_left)


@pytest.mark.parametrize("target", ["/leaves_atomic", "/aleaves_atomic"])
async def test_a_transaction_that_a_view_leaves_open_is_rolled_back(pooled, one_hop, target):
    handler = one_hop(threads=1)
    for _ in range(POOL_SIZE + 1):
        assert (await exchange(handler, "GET", target)).body == b"1"
    await eventually(lambda: lent() == 0)

    for path_after in ("/plain", "/aplain"):
        assert (await exchange(handler, "GET", path_after)).body == b"0"


async def test_a_transaction_that_a_stream_leaves_open_is_rolled_back(pooled, one_hop):
    handler = one_hop(threads=1)
    for _ in range(POOL_SIZE + 1):
        assert (await exchange(handler, "GET", "/aleaves_atomic_stream")).body == b"before, 1"
        for target in ("/aplain", "/afeed", "/plain"):
            assert (await exchange(handler, "GET", target)).body.startswith(b"0")
    await eventually(lambda: lent() == 0)

    assert await Group.objects.acount() == 0


async def test_a_disconnect_in_a_transaction_affects_no_other_request(pooled, one_hop, barrier):
    handler = one_hop(threads=1)
    leaving = Exchange(handler, "GET", "/acut_in_atomic").start()
    await barrier.reached()
    leaving.disconnect()
    await leaving.finish()

    for path_after in ("/aplain", "/plain", "/aplain"):
        assert (await exchange(handler, "GET", path_after)).body == b"0"
    await eventually(lambda: lent() == 0)
