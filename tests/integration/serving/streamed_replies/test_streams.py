"""Streams of a real function process, through the emulated Runtime API and function URL."""

import asyncio
import contextlib
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import aiohttp
import psycopg
import pytest
import pytest_asyncio

from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.secret_key import SECRET_KEY

pytestmark = [pytest.mark.profile_free, pytest.mark.asyncio(loop_scope="module")]

LARGE_MB = 200
# A function's timeout ends its stream, so the streams' own limit must be far below.
LIMITS = {"init_timeout_s": 60, "timeout_s": 120}
KINDS = [
    "sync-view/sync",
    "sync-view/async",
    "async-view/sync",
    "async-view/async",
]
HELD = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


class Place(NamedTuple):
    """A running function, and what a test needs of it."""

    emulator: LambdaEmulator
    url: str
    client: aiohttp.ClientSession
    directory: Path

    def log(self) -> str:
        return "".join(log.read_text() for log in self.emulator.logs)


@pytest.fixture(scope="module")
def database(database_server) -> Iterator[str]:
    name = f"webapp_streams_{secrets.token_hex(4)}"
    create_database(database_server, name)
    yield name
    drop_database(database_server, name)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("streams")
    with (directory / "large").open("wb") as large:
        large.truncate(LARGE_MB * 10**6)
    return directory


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def start(database_server, database, directory, tmp_path_factory) -> AsyncIterator[Callable[..., Awaitable]]:
    """Start a function with further variables; one with the same variables only once."""
    started: dict[tuple, Place] = {}

    async with AsyncExitStack() as stack:

        async def place(**variables: str) -> Place:
            key = tuple(sorted(variables.items()))
            if key not in started:
                environ = {
                    "DJANGO_SETTINGS_MODULE": "streaming.settings",
                    "PYTHONPATH": str(Path(__file__).parents[3] / "applications"),
                    "STREAMING_DIRECTORY": str(directory),
                    "WEBAPP_SECRET_KEY": SECRET_KEY,
                    "WEBAPP_ALLOWED_HOSTS": "127.0.0.1",
                    "WEBAPP_DB_STRATEGY": "per_request",
                    "WEBAPP_DB_ROUTE": "direct",
                    "WEBAPP_STREAM_FRONT": "function_url",
                    "DATABASE_URL": database_server.url(database),
                    **variables,
                }
                logs = tmp_path_factory.mktemp("logs")
                function = Function(
                    "streaming", "django_runtimes.entrypoints.aws_lambda.handler", environ, logs, **LIMITS
                )
                emulator = await stack.enter_async_context(LambdaEmulator(function))
                url = await stack.enter_async_context(FunctionUrl(emulator))
                client = await stack.enter_async_context(aiohttp.ClientSession())
                started[key] = Place(emulator, url.url, client, directory)
            return started[key]

        yield place


def let_go_on(place: Place, name: str) -> None:
    (place.directory / name).touch()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the condition depends on another process
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_client_holds_a_chunk_before_the_view_makes_the_next(start, kind):
    place = await start()
    name = secrets.token_hex(4)
    async with place.client.get(f"{place.url}/{kind}/{name}") as response:
        first = await response.content.readany()
        let_go_on(place, name)
        rest = await response.content.read()

    assert (response.status, first, rest) == (200, b"one", b"two")
    assert response.headers["X-Kind"] == kind.partition("/")[2]
    assert response.headers["Transfer-Encoding"] == "chunked"


async def test_an_event_stream_leaves_event_by_event(start):
    place = await start()
    name = secrets.token_hex(4)
    url = f"{place.url}/async-view/async/{name}?type=text/event-stream"
    async with place.client.get(url) as response:
        assert await response.content.readany() == b"one"
        assert response.headers["Content-Type"] == "text/event-stream"
        let_go_on(place, name)
        assert await response.content.read() == b"two"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_after_the_first_chunk_cuts_the_stream_off_and_is_logged(start, kind):
    place = await start()
    name = secrets.token_hex(4)
    async with place.client.get(f"{place.url}/{kind}/{name}?fails=1") as response:
        assert await response.content.readany() == b"one"
        let_go_on(place, name)
        with pytest.raises(aiohttp.ClientError):
            await response.content.read()

    await until(lambda: f"LookupError: the stream {name} is broken" in place.log())


async def test_a_response_that_is_not_a_stream_stays_buffered(start):
    place = await start()
    async with place.client.get(f"{place.url}/whole") as response:
        assert await response.read() == b"x" * 100_000

    assert response.headers["Content-Length"] == "100000"


async def test_a_head_request_streams_nothing(start):
    place = await start()
    async with place.client.head(f"{place.url}/sync-view/sync/never") as response:
        assert (response.status, await response.read()) == (200, b"")


def peak_rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1_000


async def test_a_large_file_takes_little_memory(start):
    place = await start()
    async with place.client.get(f"{place.url}/whole") as response:
        await response.read()
    [pid] = place.emulator.process_ids
    before_mb = peak_rss_mb(pid)
    received = 0
    async with place.client.get(f"{place.url}/file") as response:
        async for chunk in response.content.iter_any():
            received += len(chunk)

    assert received == LARGE_MB * 10**6
    assert peak_rss_mb(pid) - before_mb < 20


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_stream_holds_no_connection_that_it_does_not_use(start, database_server, database, kind):
    place = await start()
    name = secrets.token_hex(4)
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:

        def held() -> int:
            return connection.execute(HELD, [database]).fetchone()[0]

        async with place.client.get(f"{place.url}/queries/{kind}/{name}") as response:
            received = b""
            while b"one" not in received:
                received += await response.content.readany()
            await until(lambda: held() == 0)
            let_go_on(place, name)
            received += await response.content.read()

    first, second, rest = received.split()
    assert first != second
    assert rest == b"onetwo"


async def test_the_function_continues_after_its_client_has_left(start):
    place = await start()
    name = secrets.token_hex(4)
    before = len(place.emulator.handler_durations_ms)
    async with place.client.get(f"{place.url}/sync-view/sync/{name}") as response:
        assert await response.content.readany() == b"one"
        response.close()
    await asyncio.sleep(0.3)
    assert len(place.emulator.handler_durations_ms) == before
    let_go_on(place, name)
    await until(lambda: len(place.emulator.handler_durations_ms) > before)

    # The whole duration is billed.
    assert place.emulator.handler_durations_ms[-1] > 300


def raw_response(url: str, path: str) -> bytes:
    """Return all that the server sends; aiohttp drops the chunks that it has not handed out when a stream breaks."""
    host, _, port = url.removeprefix("http://").partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=120) as client, contextlib.suppress(ConnectionError):
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        while data := client.recv(65536):
            received += data
    return received


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_ends_at_its_limit(start, kind):
    place = await start(WEBAPP_STREAM_MAX_S="1")
    begun_s = time.monotonic()
    received = await asyncio.to_thread(raw_response, place.url, f"/{kind}/never")

    assert b"\r\n3\r\none\r\n" in received
    assert not received.endswith(b"0\r\n\r\n")
    assert time.monotonic() - begun_s < LIMITS["timeout_s"] - 5
    await until(lambda: f"GET /{kind}/never: the stream is ended after 1 s, its limit" in place.log())


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_stream_ends_at_its_limit_without_an_error(start, kind):
    place = await start(WEBAPP_STREAM_MAX_S="1")
    async with place.client.get(f"{place.url}/{kind}/never?type=text/event-stream") as response:
        assert await response.content.read() == b"one"


async def test_without_the_variable_a_stream_is_buffered(start):
    place = await start(WEBAPP_STREAM_FRONT="none")
    name = secrets.token_hex(4)
    let_go_on(place, name)
    async with place.client.get(f"{place.url}/sync-view/sync/{name}") as response:
        assert await response.read() == b"onetwo"

    assert response.headers["Content-Length"] == "6"
