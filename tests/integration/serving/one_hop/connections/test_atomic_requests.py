"""ATOMIC_REQUESTS wraps synchronous views and rejects asynchronous ones."""

import asyncio

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import exchange

pytestmark = pytest.mark.django_db(transaction=True)


def adds(request, name):
    Group.objects.create(name=name)
    if name == "unwanted":
        raise ValueError(name)
    return JsonResponse({"in a transaction": connection.in_atomic_block})


async def aadds(request, name):
    await Group.objects.acreate(name=name)
    return HttpResponse("added")


@transaction.non_atomic_requests
def adds_without(request, name):
    Group.objects.create(name=name)
    raise ValueError(name)


urlpatterns = [
    path("sync/adds/<name>", adds),
    path("async/adds/<name>", aadds),
    path("sync/adds_without/<name>", adds_without),
]


async def test_atomic_requests_are_rolled_back_by_an_exception(database, handler):
    database["ATOMIC_REQUESTS"] = True

    wanted = await exchange(handler, "GET", "/sync/adds/wanted")
    unwanted = await exchange(handler, "GET", "/sync/adds/unwanted")
    outside = await exchange(handler, "GET", "/sync/adds_without/outside")

    assert (wanted.body, unwanted.status, outside.status) == (b'{"in a transaction": true}', 500, 500)
    assert await asyncio.to_thread(names_in_order) == ["outside", "wanted"]


async def test_atomic_requests_refuse_asynchronous_views(database, both):
    database["ATOMIC_REQUESTS"] = True

    assert (await both("GET", "/async/adds/wanted")).status == 500


async def test_without_atomic_requests_nothing_is_rolled_back(handler):
    assert (await exchange(handler, "GET", "/sync/adds/unwanted")).status == 500
    assert await asyncio.to_thread(names_in_order) == ["unwanted"]


def names_in_order() -> list[str]:
    try:
        return list(Group.objects.order_by("name").values_list("name", flat=True))
    finally:
        connection.close()
