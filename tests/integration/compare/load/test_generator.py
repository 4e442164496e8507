"""The load generator against real servers on this machine."""

import asyncio
import contextlib
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from hdrh.histogram import HdrHistogram

from django_runtimes.cli.ports import free_port
from django_runtimes.compare.load.arrivals import poisson_arrivals
from django_runtimes.compare.load.block import block_of
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.workload.workload import RequestTemplate
from tests.integration.compare.load.serving import serving

READ = RequestTemplate(
    name="read", scenario="read", method="GET", path="/read", headers={}, body=None, share=1, expected_status=200
)
WRITE = RequestTemplate(
    name="write",
    scenario="write",
    method="POST",
    path="/write/{key}",
    headers={"Content-Type": "application/json", "Idempotency-Key": "{key}"},
    body='{"key": "{key}"}',
    share=1,
    expected_status=201,
)

RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving_raw(handler: RawHandler) -> AsyncIterator[str]:
    """Run a server whose handler gets the raw connection after one request, and yield its URL."""

    serving: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        # A client that gives up early sends no whole request.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        serving.discard(asyncio.current_task())

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        while serving:  # noqa: ASYNC110 - the handlers end by themselves
            await asyncio.sleep(0.01)


def slower_than(latency: LatencyHistogram, limit_ms: float) -> int:
    """Return the number of samples above a limit."""
    steps = HdrHistogram.decode(latency.encoded()).get_recorded_iterator()
    return sum(step.count_added_in_this_iter_step for step in steps if step.value_iterated_to > limit_ms * 1_000)


@pytest.fixture
async def generator() -> AsyncIterator[LoadGenerator]:
    async with LoadGenerator() as generator:
        yield generator


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("run", 0)


async def respond_200(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


async def test_a_steady_block_sends_every_arrival_of_its_schedule(generator, ledger):
    async with serving(respond_200) as url:
        block = await generator.steady(url, [READ], rate_rps=100, duration_s=0.5, seed=1, ledger=ledger)

    assert block.sent == block.ok == block.latency.count == len(poisson_arrivals(100, 0.5, seed=1))
    assert block.errors == {}


async def test_a_burst_sends_all_its_requests_at_once(generator, ledger):
    all_arrived = asyncio.Event()
    arrived = 0

    async def respond_when_all_are_here(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal arrived
        arrived += 1
        if arrived == 40:
            all_arrived.set()
        await all_arrived.wait()
        return web.Response()

    async with serving(respond_when_all_are_here) as url:
        block = await generator.burst(url, [READ], count=40, seed=1, ledger=ledger)

    assert (block.sent, block.ok, block.void) == (40, 40, None)


async def test_a_request_has_the_headers_of_a_load_balancer(generator, ledger):
    seen = {}

    async def remember(request: web.BaseRequest) -> web.StreamResponse:
        seen.update(request.headers, method=request.method, path=request.path, body=await request.text())
        return web.Response(status=201)

    async with serving(remember) as url:
        outcome = await generator.single(url, WRITE, ledger=ledger)

    assert outcome.ok
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/write/run-0-0", '{"key": "run-0-0"}')
    assert (seen["Host"], seen["X-Forwarded-Proto"]) == ("compare.localhost", "https")
    assert (seen["Idempotency-Key"], seen["Content-Type"]) == ("run-0-0", "application/json")


async def test_cookies_of_one_target_do_not_reach_the_next_target(generator, ledger):
    seen = []

    async def set_cookie(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "sessionid=1; Path=/"})

    async with serving(set_cookie) as url:
        await generator.single(url, READ, ledger=ledger)
        await generator.single(url, READ, ledger=ledger)

    assert seen == [None, None]


async def test_a_redirect_is_not_followed(generator, ledger):
    async def redirect(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with serving(redirect) as url:
        outcome = await generator.single(url, READ, ledger=ledger)

    assert outcome.error == "status_302"


async def test_only_answered_writes_are_acknowledged(generator, ledger):
    keys = Counter()

    async def refuse_every_third(request: web.BaseRequest) -> web.StreamResponse:
        keys[request.headers["Idempotency-Key"]] += 1
        return web.Response(status=503 if keys.total() % 3 == 0 else 201)

    async with serving(refuse_every_third) as url:
        block = await generator.burst(url, [WRITE], count=30, seed=1, ledger=ledger)

    assert len(keys) == 30
    assert block.errors == {"status_503": 10}
    assert (ledger.sent, ledger.acknowledged, ledger.ambiguous) == (30, 20, 10)


async def test_reads_are_not_recorded_in_the_ledger(generator, ledger):
    async with serving(respond_200) as url:
        await generator.burst(url, [READ], count=3, seed=1, ledger=ledger)

    assert ledger.sent == 0


async def test_latency_includes_a_stall_of_the_server(generator, ledger):
    stall_ends = None

    async def stall(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal stall_ends
        now = time.perf_counter()
        stall_ends = stall_ends or now + 0.3
        await asyncio.sleep(max(0.0, stall_ends - now))
        return web.Response()

    async with serving(stall) as url:
        block = await generator.steady(url, [READ], rate_rps=100, duration_s=0.6, seed=1, ledger=ledger)

    # A closed-loop client would have sent only one request during the stall.
    offsets_s = poisson_arrivals(100, 0.6, seed=1)
    due_in_first_100_ms = sum(offset_s < offsets_s[0] + 0.1 for offset_s in offsets_s)
    assert due_in_first_100_ms > 5
    assert slower_than(block.latency, 195) >= due_in_first_100_ms


async def test_latency_includes_a_stall_of_the_generator(generator, ledger):
    stalled = False

    async def stall_everything(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal stalled
        if not stalled:
            stalled = True
            # The server shares the generator's thread, so this stalls both.
            time.sleep(0.3)  # noqa: ASYNC251 - on purpose
        return web.Response()

    async with serving(stall_everything) as url:
        block = await generator.steady(url, [READ], rate_rps=100, duration_s=0.6, seed=1, ledger=ledger)

    offsets_s = poisson_arrivals(100, 0.6, seed=1)
    due_in_first_100_ms = sum(offset_s < offsets_s[0] + 0.1 for offset_s in offsets_s)
    assert slower_than(block.latency, 195) >= due_in_first_100_ms
    assert block.late >= due_in_first_100_ms - 1
    assert block.void is not None
    assert "late sends raised the median" in block.void


async def test_a_timeout_is_an_error_with_the_cap_as_its_latency(ledger):
    async def never(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(never) as url, LoadGenerator(timeout_s=0.2) as generator:
        outcome = await generator.single(url, READ, ledger=ledger)

    assert (outcome.error, outcome.latency_ms) == ("timeout", 200.0)
    assert block_of([outcome], duration_s=1.0).latency.count == 1


async def test_a_response_that_never_ends_is_a_timeout(ledger):
    async def never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reader.read()

    async with serving_raw(never_end) as url, LoadGenerator(timeout_s=0.2) as generator:
        outcome = await generator.single(url, READ, ledger=ledger)

    assert outcome.error == "timeout"


async def test_a_port_without_a_listener_is_connection_refused(generator, ledger):
    outcome = await generator.single(f"http://127.0.0.1:{free_port()}", READ, ledger=ledger)

    assert outcome.error == "connection_refused"


async def test_a_connection_closed_too_early_has_its_own_error(generator, ledger):
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with serving_raw(close) as url:
        outcome = await generator.single(url, WRITE, ledger=ledger)

    assert outcome.error == "connection_closed"
    assert ledger.ambiguous == 1


async def test_a_connection_reset_has_its_own_error(generator, ledger):
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        without_lingering = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, without_lingering)

    async with serving_raw(reset) as url:
        outcome = await generator.single(url, WRITE, ledger=ledger)

    assert outcome.error == "connection_reset"


async def test_an_incomplete_response_has_its_own_error(generator, ledger):
    async def send_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    async with serving_raw(send_half) as url:
        outcome = await generator.single(url, READ, ledger=ledger)

    assert outcome.error == "incomplete_answer"


async def test_a_response_that_is_not_http_has_its_own_error(generator, ledger):
    async def send_an_ssh_banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    async with serving_raw(send_an_ssh_banner) as url:
        outcome = await generator.single(url, READ, ledger=ledger)

    assert outcome.error == "malformed_answer"


async def test_an_interrupted_block_leaves_no_request_behind(generator, ledger):
    arrived = asyncio.Event()

    async def never(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    async with serving(never) as url:
        before = asyncio.all_tasks()
        block = asyncio.create_task(generator.steady(url, [WRITE], rate_rps=200, duration_s=30, seed=1, ledger=ledger))
        await arrived.wait()
        block.cancel()
        with pytest.raises(asyncio.CancelledError):
            await block
        left = {task for task in asyncio.all_tasks() - before if "_send" in repr(task.get_coro())}

    assert left == set()
    assert ledger.sent == ledger.ambiguous > 0
