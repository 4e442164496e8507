"""Views whose streams read a server-side cursor, and what a pool of eight admits of them."""

import asyncio

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, eventually
from tests.integration.serving.one_hop.strategy import lent

barrier = None

# The fixture `pool` has this many connections, and handlers as many threads.
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


def free_places() -> int:
    places, taken = connections["default"].pool.stream_places, []
    while (place := places.take()) is not None:
        taken.append(place)
    for place in taken:
        place.leave()
    return len(taken)


async def outcome(stream: Exchange) -> bytes | type[BaseException] | None:
    """Return the stream's body, or the class of the error that ended it."""
    try:
        return (await stream.reply()).body
    except OperationalError as error:
        return type(error.__cause__)


async def everything_is_returned(handler) -> None:
    await eventually(lambda: lent() == 0)
    await eventually(lambda: len(handler.leases._idle) == len(handler.leases._all))
    await eventually(lambda: free_places() == PLACES)
