"""A stream of rows shares neither its connection nor its transaction with other requests."""

import asyncio
import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, exchange, loop_runs

barrier = None
# The thread of each request that ran beside a stream, and whether it was inside a transaction.
neighbours: list[tuple[int, bool]] = []


def groups(request):
    """Stream an ORM iterator, which holds its cursor and connection from the first row to the last."""

    def chunks():
        for position, group in enumerate(Group.objects.order_by("name").iterator(chunk_size=10)):
            yield f"{group.name},"
            if position == 4:
                barrier.stop()

    return StreamingHttpResponse(chunks())


def in_a_transaction(request):
    """Stream from inside atomic(), with a write before the first chunk."""

    def chunks():
        with transaction.atomic():
            Group.objects.create(name="streamed")
            yield b"first"
            barrier.stop()
            yield b"second"

    return StreamingHttpResponse(chunks())


def adds(request, name):
    neighbours.append((threading.get_ident(), connection.in_atomic_block))
    Group.objects.create(name=name)
    return HttpResponse("added")


def group_names() -> list[str]:
    try:
        return list(Group.objects.order_by("name").values_list("name", flat=True))
    finally:
        connection.close()


def add_groups(names: list[str]) -> None:
    Group.objects.bulk_create(Group(name=name) for name in names)
    connection.close()


urlpatterns = [
    path("groups", groups),
    path("transaction", in_a_transaction),
    path("adds/<name>", adds),
]


@pytest.fixture(autouse=True)
def _reset_notes():
    neighbours.clear()


@pytest.mark.django_db(transaction=True)
async def test_rows_are_complete_during_other_requests(one_hop, barrier):
    names = [f"{number:03}" for number in range(50)]
    await asyncio.to_thread(add_groups, names)
    handler = one_hop(threads=2)
    download = Exchange(handler, "GET", "/groups").start()
    await barrier.reached()

    beside = [await exchange(handler, "GET", f"/adds/beside-{number}") for number in range(5)]
    barrier.open()

    assert [reply.status for reply in beside] == [200] * 5
    rows = (await download.reply()).body.decode().split(",")[:-1]
    assert [name for name in rows if not name.startswith("beside")] == names


@pytest.mark.django_db(transaction=True)
async def test_no_other_request_joins_a_streams_transaction(one_hop, barrier):
    handler = one_hop(threads=2)
    download = Exchange(handler, "GET", "/transaction").start()
    await barrier.reached()

    await asyncio.gather(*(exchange(handler, "GET", f"/adds/beside-{number}") for number in range(4)))
    during = await asyncio.to_thread(group_names)
    barrier.open()
    await download.reply()

    assert [in_atomic_block for _, in_atomic_block in neighbours] == [False] * 4
    assert during == [f"beside-{number}" for number in range(4)]
    assert await asyncio.to_thread(group_names) == [*during, "streamed"]


@pytest.mark.django_db(transaction=True)
async def test_a_disconnect_rolls_back_only_its_streams_transaction(one_hop, barrier):
    handler = one_hop(threads=2)
    download = Exchange(handler, "GET", "/transaction").start()
    await barrier.reached()
    await exchange(handler, "GET", "/adds/beside")

    download.disconnect()
    # Let the handler notice the disconnect before the generator continues.
    await loop_runs()
    barrier.open()
    await download.finish()
    await exchange(handler, "GET", "/adds/after")

    assert await asyncio.to_thread(group_names) == ["after", "beside"]
