"""An asynchronous view's synchronous iterator is sent at its client's pace, within the limit for such streams."""

import asyncio
import itertools
import threading

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange, loop_runs

barrier = None
threads: list[int] = []
made: list[int] = []
closed: list[bool] = []


def chunks():
    try:
        for number in itertools.count():
            threads.append(threading.get_ident())
            made.append(number)
            yield b"x" * 1000
    finally:
        closed.append(True)


async def endless(request):
    return StreamingHttpResponse(chunks())


async def stuck(request):
    def never():
        yield b"first"
        barrier.stop()
        yield b"second"

    return StreamingHttpResponse(never())


async def large(request):
    return StreamingHttpResponse(iter([b"x" * 200_000]))


async def feed(request):
    async def ticks():
        for _ in range(2):
            yield await sync_to_async(bytes)(3)

    return StreamingHttpResponse(ticks())


async def plain(request):
    return HttpResponse("plain")


urlpatterns = [
    path("endless", endless),
    path("stuck", stuck),
    path("large", large),
    path("feed", feed),
    path("plain", plain),
]


@pytest.fixture(autouse=True)
def _reset_notes():
    for notes in (threads, made, closed):
        notes.clear()


async def test_an_iterator_is_sent_chunk_by_chunk_on_one_thread(one_hop):
    download = Exchange(one_hop(), "GET", "/endless").start()
    await eventually(lambda: len(made) > 3)

    download.disconnect()
    await download.finish()

    assert len(set(threads)) == 1
    assert closed == [True]


async def test_an_iterator_is_read_no_faster_than_its_client_reads(one_hop):
    download = Exchange(one_hop(), "GET", "/endless")
    download.reading.clear()
    download.start()
    await eventually(lambda: download.messages)
    await asyncio.sleep(0.2)
    while_not_reading = len(made)
    download.disconnect()
    await download.finish()

    assert while_not_reading <= 2


async def test_disconnects_from_endless_iterators_free_everything(one_hop):
    handler = one_hop(threads=2, max_native=4)
    for _ in range(12):
        download = Exchange(handler, "GET", "/endless").start()
        await eventually(lambda one=download: len(one.messages) > 1)
        download.disconnect()
        await download.finish()

    assert len(closed) == 12
    assert (await exchange(handler, "GET", "/plain")).body == b"plain"
    assert (await exchange(handler, "GET", "/feed")).status == 200


async def test_iterators_share_the_limit_of_sync_streams(one_hop, barrier, signals):
    handler = one_hop(threads=2, max_streams=1, max_waiting=0)
    first = Exchange(handler, "GET", "/stuck").start()
    await first.received(b"first")

    refused = await exchange(handler, "GET", "/stuck")
    others = [await exchange(handler, "GET", path) for path in ("/plain", "/feed")]
    barrier.open()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert [one.status for one in others] == [200, 200]
    assert (await first.reply()).body == b"firstsecond"
    assert (await exchange(handler, "GET", "/stuck")).status == 200
    assert signals.count("request_finished") == signals.count("request_started")


async def test_a_running_chunk_keeps_its_slot_after_a_disconnect(one_hop, barrier):
    handler = one_hop(threads=2, max_streams=1, max_waiting=0)
    left = Exchange(handler, "GET", "/stuck").start()
    await barrier.reached()

    left.disconnect()
    await loop_runs()
    refused = await exchange(handler, "GET", "/stuck")
    barrier.open()
    await left.finish()

    assert refused.status == 503
    await eventually(lambda: handler._stream_gate._free == 1)
    assert (await exchange(handler, "GET", "/stuck")).body == b"firstsecond"


async def test_a_client_that_reads_too_slowly_is_disconnected(one_hop, caplog):
    handler = one_hop(threads=1, max_streams=1, stalled_s=0.1)
    download = Exchange(handler, "GET", "/large")
    download.reading.clear()
    download.start()

    await download.finish()

    assert "took less than 65536 bytes of a stream in 0.1 s" in caplog.text
    assert download.messages[-1].get("more_body") is not False
    assert (await exchange(handler, "GET", "/large")).body == b"x" * 200_000


async def test_waiting_for_a_shared_thread_times_out(barrier):
    leases = ThreadLeases(keeping=1, sharing=1, max_wait_s=0.1)

    async def hold():
        async with leases.lease(shares=True):
            await sync_to_async(barrier.stop)()

    holding = asyncio.create_task(hold())
    await barrier.reached()
    with pytest.raises(OverloadedError, match=r"no thread for streams became free in 0\.1 s"):
        async with leases.lease(shares=True):
            await sync_to_async(print)()
    barrier.open()
    await holding
    async with leases.lease(shares=True):
        assert await sync_to_async(int)() == 0
    await asyncio.to_thread(leases.close)


async def test_waiting_for_a_shared_thread_ends_when_one_is_free(barrier):
    leases = ThreadLeases(keeping=1, sharing=1, max_wait_s=60)

    async def call(function):
        async with leases.lease(shares=True):
            return await sync_to_async(function)()

    holding = asyncio.create_task(call(barrier.stop))
    await barrier.reached()
    waiting = asyncio.create_task(call(int))
    await loop_runs()
    barrier.open()

    assert (await waiting, await holding) == (0, None)
    await asyncio.to_thread(leases.close)
