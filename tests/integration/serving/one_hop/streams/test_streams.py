"""A synchronous iterator is consumed and closed on its view's thread, at the client's pace."""

import asyncio
import itertools
import threading

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange, loop_runs

barrier = None
# The threads of the latest stream's view, chunks and end, and the numbers of the chunks it produced.
threads: list[int] = []
made: list[int] = []


def note_thread():
    threads.append(threading.get_ident())


def endless(request):
    note_thread()

    def chunks():
        try:
            for number in itertools.count():
                note_thread()
                made.append(number)
                yield f"{number},".ljust(1000)
        finally:
            note_thread()

    return StreamingHttpResponse(chunks())


def two_parts(request):
    note_thread()

    def chunks():
        note_thread()
        yield b"first"
        barrier.stop()
        note_thread()
        yield b"second"

    response = StreamingHttpResponse(chunks())
    response._resource_closers.append(note_thread)
    return response


def other_parts(request):
    return two_parts(request)


def large_chunk(request):
    return StreamingHttpResponse(iter([b"x" * 200_000]))


def broken(request):
    def chunks():
        yield b"first"
        raise ValueError("in the stream")

    return StreamingHttpResponse(chunks())


def plain(request):
    return HttpResponse("plain")


urlpatterns = [
    path("endless", endless),
    path("two_parts", two_parts),
    path("other_parts", other_parts),
    path("large_chunk", large_chunk),
    path("broken", broken),
    path("plain", plain),
]


@pytest.fixture(autouse=True)
def _reset_notes():
    for notes in (threads, made):
        notes.clear()


async def test_the_first_chunk_is_sent_before_the_second_is_produced(one_hop, barrier):
    download = Exchange(one_hop(), "GET", "/two_parts").start()

    await download.received(b"first")
    await barrier.reached()
    barrier.open()

    assert (await download.reply()).body == b"firstsecond"


async def test_view_chunks_and_end_share_a_thread(one_hop, barrier):
    download = Exchange(one_hop(threads=4), "GET", "/two_parts").start()
    await barrier.reached()
    barrier.open()
    await download.reply()

    assert len(threads) == 4
    assert len(set(threads)) == 1


async def test_a_stream_is_produced_no_faster_than_it_is_read(one_hop):
    download = Exchange(one_hop(), "GET", "/endless")
    download.reading.clear()
    download.start()
    await eventually(lambda: download.messages)

    await asyncio.sleep(0.2)
    while_not_reading = len(made)
    download.reading.set()
    await eventually(lambda: len(made) > 100)
    download.disconnect()
    await download.finish()

    assert while_not_reading <= 2


async def test_a_disconnect_ends_the_stream_on_its_thread(one_hop, signals):
    download = Exchange(one_hop(), "GET", "/endless").start()
    await eventually(lambda: len(made) > 3)

    download.disconnect()
    await download.finish()
    at_the_end = len(made)
    await asyncio.sleep(0.05)

    assert len(made) == at_the_end
    assert len(set(threads)) == 1
    assert len(threads) == at_the_end + 2
    assert signals == ["request_started", "request_finished"]


async def test_a_disconnect_ends_a_stream_that_is_not_read(one_hop):
    handler = one_hop(threads=1, max_streams=1)
    download = Exchange(handler, "GET", "/endless")
    download.reading.clear()
    download.start()
    await eventually(lambda: download.messages)

    download.disconnect()
    await download.finish()

    assert (await exchange(handler, "GET", "/plain")).body == b"plain"


async def test_a_cancelled_stream_ends_and_frees_its_thread(one_hop, signals):
    handler = one_hop(threads=1, max_streams=1)
    download = Exchange(handler, "GET", "/endless").start()
    await eventually(lambda: len(made) > 3)

    download.task.cancel()
    await asyncio.wait([download.task])
    try:
        await eventually(lambda: "request_finished" in signals)
    finally:
        download.disconnect()

    assert (await exchange(handler, "GET", "/plain")).body == b"plain"


async def test_an_exception_in_a_stream_ends_the_connection(one_hop, signals):
    handler = one_hop(threads=1, max_streams=1)
    download = Exchange(handler, "GET", "/broken").start()

    with pytest.raises(ValueError, match="in the stream"):
        await download.finish()

    assert download.body == b"first"
    assert signals == ["request_started", "request_finished"]
    assert (await exchange(handler, "GET", "/plain")).body == b"plain"


async def test_a_stream_beyond_the_limit_is_rejected_before_its_view(one_hop, barrier, signals):
    handler = one_hop(threads=4, max_streams=1, max_waiting=0)
    first = Exchange(handler, "GET", "/two_parts").start()
    await barrier.reached()

    refused = await exchange(handler, "GET", "/two_parts")
    plain_beside = await exchange(handler, "GET", "/plain")
    barrier.open()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert plain_beside.status == 200
    assert (await first.reply()).body == b"firstsecond"
    assert (await exchange(handler, "GET", "/two_parts")).status == 200
    assert signals.count("request_started") == signals.count("request_finished") == 3


async def test_streams_beyond_the_limit_wait_for_a_slot(one_hop, barrier):
    handler = one_hop(threads=4, max_streams=1, max_waiting=2, max_wait_s=60)
    streams = [Exchange(handler, "GET", "/two_parts").start()]
    await barrier.reached()
    # The first stream waits before its view runs; the second waits afterwards, because its view has not streamed
    # before.
    streams += [Exchange(handler, "GET", path).start() for path in ("/two_parts", "/other_parts")]
    await loop_runs()
    started = [stream.messages for stream in streams[1:]]
    barrier.open()

    assert started == [[], []]
    assert [(await stream.reply()).body for stream in streams] == [b"firstsecond"] * 3


async def test_a_views_first_stream_is_rejected_after_its_view(one_hop, barrier, signals):
    handler = one_hop(threads=4, max_streams=1, max_waiting=0)
    first = Exchange(handler, "GET", "/two_parts").start()
    await barrier.reached()

    refused = await exchange(handler, "GET", "/other_parts")
    barrier.open()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert (await first.reply()).status == 200
    assert signals.count("request_started") == signals.count("request_finished") == 2


async def test_a_client_that_reads_too_slowly_is_disconnected(one_hop, caplog):
    handler = one_hop(threads=1, max_streams=1, stalled_s=0.05)
    download = Exchange(handler, "GET", "/endless")
    download.reading.clear()
    download.start()

    await download.finish()

    # The response has no end, so that the server closes the connection.
    assert all(message["type"] == "http.response.start" or message["more_body"] for message in download.messages)
    assert "a client took less than 65536 bytes of a stream in 0.05 s" in caplog.text
    assert (await exchange(handler, "GET", "/plain")).body == b"plain"


async def test_a_large_chunk_is_sent_in_small_pieces(one_hop):
    reply = await exchange(one_hop(), "GET", "/large_chunk")
    pieces = Exchange(one_hop(), "GET", "/large_chunk").start()
    await pieces.finish()

    assert reply.body == b"x" * 200_000
    assert max(len(message.get("body", b"")) for message in pieces.messages) == 65_536


@pytest.mark.parametrize(("pool", "streams"), [(4, 2), (2, 1), (1, 1)])
async def test_by_default_half_of_the_threads_may_stream(one_hop, barrier, pool, streams):
    handler = one_hop(threads=pool, max_waiting=0)
    running = [Exchange(handler, "GET", "/two_parts").start() for _ in range(streams)]
    await barrier.reached(streams)

    refused = [await exchange(handler, "GET", "/two_parts")] if pool > streams else []
    barrier.open()

    assert [reply.status for reply in refused] == [503] * len(refused)
    assert [(await one.reply()).status for one in running] == [200] * streams
