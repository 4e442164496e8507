"""A request releases its slots, lease and body if any step of its handling raises an exception."""

import asyncio
import importlib
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.asgi.chains.awaited_chain import MiddlewareConstructionError
from tests.integration.serving.middleware.needed_service import NeedsItsService, outage
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange


def sync_view(request):
    return HttpResponse("done")


async def async_view(request):
    await sync_to_async(str)()
    return HttpResponse("done")


async def chunks():
    yield b"do"
    yield b"ne"


def sync_stream(request):
    return StreamingHttpResponse(iter([b"do", b"ne"]))


def mixed_stream(request):
    return StreamingHttpResponse(chunks())


async def async_sync_stream(request):
    return sync_stream(request)


async def async_stream(request):
    return StreamingHttpResponse(chunks())


VIEWS = [sync_view, async_view, sync_stream, mixed_stream, async_sync_stream, async_stream]
urlpatterns = [path(view.__name__, view) for view in VIEWS]

ASGI = "django_runtimes.serving.asgi"
# Functions and classes that are called while a request is served.
STEPS = [
    f"{ASGI}.one_hop.SyncChain",
    f"{ASGI}.one_hop.NativeHandler",
    f"{ASGI}.one_hop.read_body",
    f"{ASGI}.one_hop.StreamChannel",
    f"{ASGI}.responder.has_content",
    f"{ASGI}.responder.is_small_file",
    f"{ASGI}.one_hop.resting",
    f"{ASGI}.responder.close_leftovers",
    f"{ASGI}.responder.can_share_threads",
    f"{ASGI}.responder.encoded_headers",
    f"{ASGI}.chains.sync_chain.SyncChain.create_request",
    f"{ASGI}.chains.sync_chain.SyncChain.get_response",
    f"{ASGI}.chains.sync_chain.SyncChain.make_view_atomic",
    f"{ASGI}.native.NativeHandler.create_request",
    f"{ASGI}.native.NativeHandler.run_get_response",
    f"{ASGI}.native.NativeHandler.handle",
    f"{ASGI}.native._ReadRequest",
    f"{ASGI}.native._Outbox",
    f"{ASGI}.native._Outbox.begin_stream",
    f"{ASGI}.native._Outbox.begin_sync_stream",
    f"{ASGI}.native.is_small_file",
    f"{ASGI}.native.chunk_by_chunk",
    f"{ASGI}.streams.sync_stream.encoded_headers",
    f"{ASGI}.streams.sync_stream.StreamChannel._deliver",
    f"{ASGI}.threads.leases.Lease",
    f"{ASGI}.threads.lease.Lease.own_calls",
    f"{ASGI}.threads.lease.Lease.share",
    f"{ASGI}.threads.lease.has_open_transaction",
    f"{ASGI}.threads.leases.LongLivedThreads",
    f"{ASGI}.threads.threads.HopExecutor.submit",
    f"{ASGI}.threads.gate.Gate.take_place",
    "concurrent.futures.ThreadPoolExecutor._adjust_thread_count",
]


@pytest.fixture
def bodies(monkeypatch) -> list:
    """Collect the request bodies that are read."""
    read = []

    async def read_and_remember(receive):
        read.append(await read_body(receive))
        return read[-1]

    monkeypatch.setattr(f"{ASGI}.one_hop.read_body", read_and_remember)
    return read


def nothing_is_held(handler) -> bool:
    gates = (handler._gate, handler._stream_gate, handler._native_gate)
    leases = handler.leases
    return [gate._free for gate in gates] == [1, 1, 1] and len(leases._idle) == len(leases._all) and not leases._shared


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
async def test_middleware_construction_is_retried(one_hop, settings, monkeypatch, view, tool):
    settings.MIDDLEWARE = [f"{NeedsItsService.__module__}.NeedsItsService"]
    if tool:
        monkeypatch.setattr(ASGIHandler, "__call__", _wrapped_by_a_tool(ASGIHandler.__call__))
    handler = one_hop(threads=1, max_native=1, max_waiting=0)
    with outage():
        for _ in range(3):
            with pytest.raises(MiddlewareConstructionError, match="ConnectionError: the service is down"):
                await exchange(handler, "GET", f"/{view.__name__}")

    assert [(await exchange(handler, "GET", f"/{view.__name__}")).body for _ in range(2)] == [b"done"] * 2


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError, SystemExit])
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_raises_releases_everything(one_hop, settings, monkeypatch, bodies, step, error):
    settings.MIDDLEWARE = []
    handler = one_hop(threads=1, max_native=1, max_waiting=0)
    module, name = _owner(step)

    failed = []

    def fail(*args, **kwargs):
        failed.append(step)
        raise error("this step")

    with monkeypatch.context() as broken:
        broken.setattr(module, name, fail)
        for view in VIEWS:
            await _send_failing_request(handler, view)
    await eventually(lambda: nothing_is_held(handler))
    await eventually(lambda: all(body.closed for body in bodies))

    assert failed
    for view in VIEWS:
        assert (await exchange(handler, "POST", f"/{view.__name__}", body=b"x")).body == b"done"
    await eventually(lambda: nothing_is_held(handler))


async def _send_failing_request(handler, view) -> None:
    request = Exchange(handler, "POST", f"/{view.__name__}", body=b"x").start()
    with suppress(Exception, asyncio.CancelledError):
        await request.finish()


def _owner(name: str):
    """Return the module or class that defines the dotted name, and the name's last part."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:-1]:
            owner = getattr(owner, part)
        return owner, parts[-1]
    raise AssertionError(name)


def _wrapped_by_a_tool(method):
    async def patched(self, *args):
        return await method(self, *args)

    return patched
