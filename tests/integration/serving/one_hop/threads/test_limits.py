"""Threads and the queue for them are bounded, and slow clients occupy neither."""

import tempfile

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.health import HealthChecks
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange, loop_runs

barrier = None


def held(request):
    barrier.stop()
    return HttpResponse("held")


async def aheld(request):
    await barrier.astop()
    return HttpResponse("held")


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


@csrf_exempt
def upload(request):
    return HttpResponse(f"{len(request.body)} bytes")


@csrf_exempt
async def aupload(request):
    return HttpResponse(f"{len(request.body)} bytes")


@csrf_exempt
def spooled(request):
    # The spooled file sets this flag when it moves to disk.
    return HttpResponse(str(getattr(request._stream, "_rolled", False)))


def astream(request):
    async def pieces():
        yield b"first"
        await barrier.astop()
        yield b"second"

    return StreamingHttpResponse(pieces())


def astream_too(request):
    return astream(request)


async def aastream(request):
    return astream(request)


urlpatterns = [
    path("sync/held", held),
    path("async/held", aheld),
    path("sync/plain", plain),
    path("async/plain", aplain),
    path("sync/upload", upload),
    path("async/upload", aupload),
    path("sync/spooled", spooled),
    path("sync/astream", astream),
    path("sync/astream_too", astream_too),
    path("async/astream", aastream),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


async def test_a_request_beyond_the_queue_gets_503_at_once(one_hop, barrier, signals):
    handler = one_hop(threads=1, max_waiting=2, max_wait_s=60)
    inside = Exchange(handler, "GET", "/sync/held").start()
    await barrier.reached()
    queued = [Exchange(handler, "GET", "/sync/plain").start() for _ in range(2)]
    await loop_runs()

    refused = await exchange(handler, "GET", "/sync/plain")
    still_waiting = [one.messages for one in queued]
    barrier.open()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert still_waiting == [[], []]
    assert [(await one.reply()).status for one in (inside, *queued)] == [200] * 3
    # The rejected request never reached Django.
    assert signals.count("request_started") == signals.count("request_finished") == 3


async def test_a_bad_request_beyond_the_queue_gets_400(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=0)
    inside = Exchange(handler, "GET", "/sync/held").start()
    await barrier.reached()

    refused = await exchange(handler, "GET", "/sync/plain", query=b"\xff")
    barrier.open()

    assert refused.status == 400
    assert (await inside.reply()).status == 200


async def test_a_request_that_waits_too_long_gets_503(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=2, max_wait_s=0.05, max_chain_wait_s=60)
    inside = Exchange(handler, "GET", "/sync/held").start()
    await barrier.reached()

    refused = await exchange(handler, "GET", "/sync/plain")
    barrier.open()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert (await inside.reply()).status == 200
    assert (await exchange(handler, "GET", "/sync/plain")).status == 200


async def test_async_streams_take_no_slot(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=0, max_native=1)
    streams = []
    for target in ["/sync/astream", "/async/astream"] * 2:
        streams.append(Exchange(handler, "GET", target).start())
        await streams[-1].received(b"first")

    assert (await exchange(handler, "GET", "/async/plain")).status == 200
    barrier.open()
    assert [(await one.reply()).body for one in streams] == [b"firstsecond"] * 4


async def test_streams_with_another_engine_are_bounded(one_hop, barrier, signals, monkeypatch):
    monkeypatch.setattr("django_runtimes.serving.asgi.responder.can_share_threads", lambda: False)
    monkeypatch.setattr("django_runtimes.serving.asgi.native.can_share_threads", lambda: False)
    handler = one_hop(threads=1, max_waiting=0, max_native=2)
    streams = []
    for _ in range(2):
        streams.append(Exchange(handler, "GET", "/sync/astream").start())
        await streams[-1].received(b"first")

    # This view has streamed before, so it does not run.
    refused = await exchange(handler, "GET", "/sync/astream")
    # This view has not streamed before: it runs, and its response is closed.
    refused_late = await exchange(handler, "GET", "/sync/astream_too")
    await eventually(lambda: signals.count("request_finished") == 1)
    barrier.open()

    assert [(one.status, one.header("Retry-After")) for one in (refused, refused_late)] == [(503, "1")] * 2
    assert [(await one.reply()).body for one in streams] == [b"firstsecond"] * 2
    await eventually(lambda: signals.count("request_finished") == signals.count("request_started") == 3)
    assert (await exchange(handler, "GET", "/sync/astream")).status == 200


async def test_the_body_of_a_rejected_request_is_closed(one_hop, barrier, monkeypatch):
    bodies = []

    async def read_and_remember(receive):
        bodies.append(await read_body(receive))
        return bodies[-1]

    monkeypatch.setattr("django_runtimes.serving.asgi.one_hop.read_body", read_and_remember)
    handler = one_hop(threads=1, max_waiting=0)
    inside = [Exchange(handler, "GET", path).start() for path in ("/sync/held", *["/async/held"] * 8)]
    await barrier.reached(9)

    refused = [await exchange(handler, "GET", path) for path in ("/sync/plain", "/async/plain")]
    closed = [body.closed for body in bodies]
    barrier.open()

    assert [reply.status for reply in refused] == [503, 503]
    assert closed == [False] * 9 + [True] * 2
    assert [(await one.reply()).status for one in inside] == [200] * 9


@pytest.mark.parametrize("path", ["/sync/upload", "/async/upload"])
async def test_a_body_that_cannot_be_spooled_gets_a_503_and_one_log_line(
    one_hop, settings, monkeypatch, tmp_path, caplog, path
):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    request = Exchange(one_hop(), "POST", path, body=None).start()

    request.send_body(b"x" * 20, more=True)
    refused = await request.reply()

    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert [record.getMessage()[:45] for record in caplog.records] == ["a request's body cannot be spooled to disk: ["]
    assert caplog.records[0].exc_info is None


async def test_the_default_queue_is_twice_the_number_of_threads(one_hop, barrier):
    handler = one_hop(threads=2)
    waiting = [Exchange(handler, "GET", "/sync/held").start() for _ in range(6)]
    await barrier.reached(2)
    await loop_runs()

    refused = await exchange(handler, "GET", "/sync/plain")
    barrier.open()

    assert refused.status == 503
    assert [(await one.reply()).status for one in waiting] == [200] * 6


async def test_health_checks_are_never_queued(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=0)
    application = HealthChecks(check_readiness=lambda: None, timeout_s=60).before(handler)
    inside = Exchange(application, "GET", "/sync/held").start()
    await barrier.reached()

    health = await exchange(application, "GET", "/healthz")
    other = await exchange(application, "GET", "/sync/plain")
    barrier.open()

    assert (health.status, other.status) == (200, 503)
    assert (await inside.reply()).status == 200


async def test_async_views_do_not_wait_for_the_threads_of_sync_views(one_hop, barrier):
    handler = one_hop(threads=1, max_waiting=0)
    inside = Exchange(handler, "GET", "/sync/held").start()
    await barrier.reached()

    beside = await exchange(handler, "GET", "/async/plain")
    barrier.open()

    assert beside.status == 200
    assert (await inside.reply()).status == 200


@WAYS
async def test_slow_uploads_hold_no_thread(one_hop, way):
    handler = one_hop(threads=1, max_waiting=0)
    uploads = [Exchange(handler, "POST", f"{way}/upload", body=None) for _ in range(20)]
    for one in uploads:
        one.send_body(b"half", more=True)
        one.start()
    await loop_runs()

    beside = await exchange(handler, "GET", f"{way}/plain")
    replies = []
    for one in uploads:
        one.send_body(b"half")
        replies.append(await one.reply())

    assert beside.status == 200
    assert [reply.body for reply in replies] == [b"8 bytes"] * 20


@WAYS
async def test_slow_readers_of_plain_responses_hold_no_thread(one_hop, way):
    handler = one_hop(threads=1, max_waiting=0)
    readers = []
    for _ in range(20):
        reader = Exchange(handler, "GET", f"{way}/plain")
        reader.reading.clear()
        reader.start()
        await eventually(lambda reader=reader: reader.messages)
        readers.append(reader)

    assert [reader.messages[0]["status"] for reader in readers] == [200] * 20
    assert (await exchange(handler, "GET", f"{way}/plain")).status == 200
    for reader in readers:
        reader.reading.set()
        await reader.reply()


async def test_only_a_large_body_is_spooled_to_disk(handler, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000

    async def upload_of(pieces: int) -> bytes:
        upload = Exchange(handler, "POST", "/sync/spooled", body=None)
        for _ in range(pieces - 1):
            upload.send_body(b"x" * 100, more=True)
        upload.send_body(b"x" * 100)
        return (await upload.start().reply()).body

    assert await upload_of(20) == b"True"
    assert await upload_of(5) == b"False"
