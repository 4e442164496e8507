"""A transaction that a request leaves open is rolled back, and its connection wrapper is freed."""

import gc
from weakref import WeakSet

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.backends.signals import connection_created
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import eventually, exchange


def leaves_atomic(request):
    transaction.atomic().__enter__()
    Group.objects.create(name="left")
    return HttpResponse(str(Group.objects.count()))


async def aleaves_atomic(request):
    return await sync_to_async(leaves_atomic)(request)


urlpatterns = [path("leaves_atomic", leaves_atomic), path("aleaves_atomic", aleaves_atomic)]
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
async def test_the_wrapper_of_a_left_transaction_is_freed(request, one_hop, connected, strategy, view):
    request.getfixturevalue(strategy)
    handler = one_hop(threads=1)

    def only_one_is_left():
        gc.collect()
        return len(connected) <= 1

    for _ in range(3):
        assert (await exchange(handler, "GET", f"/{view}")).body == b"1"
    await eventually(only_one_is_left)
