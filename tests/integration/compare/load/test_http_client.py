"""The load generator's HTTP client against servers that send exact bytes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from django_runtimes.compare.load.http_client import HttpClient
from django_runtimes.compare.load.http_connection import (
    ConnectionEndedError,
    HttpConnection,
    IncompleteResponseError,
    MalformedResponseError,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


class Exact:
    """A server that sends one response after another; `None` closes the connection instead."""

    def __init__(self, *responses: bytes | None) -> None:
        self._responses = iter(responses)
        self.connections = 0
        self.received: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.received.append(head + await reader.readexactly(int(length or b"0")))
                response = next(self._responses, None)
                if response is None:
                    break
                writer.write(response)
                if b"until the end" in response:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def serving_exactly(*responses: bytes | None) -> AsyncIterator[tuple[Exact, str]]:
    exact = Exact(*responses)
    async with await asyncio.start_server(exact.serve, "127.0.0.1", 0) as server:
        yield exact, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/"
        for writer in exact.writers:
            writer.close()


@pytest.fixture
def client():
    client = HttpClient(headers={"Host": "shop.example"}, timeout_s=60, keepalive_s=60)
    yield client
    client.close()


@pytest.fixture
def first_byte(monkeypatch):
    """An event that is set when a client has the first byte of a body."""
    event = asyncio.Event()
    on_body = HttpConnection.on_body

    def note(connection: HttpConnection, body: bytes) -> None:
        on_body(connection, body)
        event.set()

    monkeypatch.setattr(HttpConnection, "on_body", note)
    return event


async def get(client, url, method="GET", body=None, **headers):
    return await client.request(method, url, "/path?a=1", headers=headers, body=body)


async def test_a_request_names_the_path_the_host_and_its_length(client):
    async with serving_exactly(OK, OK) as (server, url):
        await get(client, url, "POST", "é", Host="other.example")
        await get(client, url)

    head, _, body = server.received[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /base/path?a=1 HTTP/1.1"
    assert b"Host: other.example" in lines
    assert b"Host: shop.example" not in lines
    assert b"Content-Length: 2" in lines
    assert body == "é".encode()
    assert b"Content-Length" not in server.received[1]


@pytest.mark.parametrize(
    ("response", "content"),
    [
        (OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n", b"ok!"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", b""),
    ],
    ids=["length", "chunks", "end", "early hints", "no content", "not modified"],
)
async def test_a_whole_response_is_read(client, response, content):
    async with serving_exactly(response) as (_, url):
        answer = await get(client, url)

    assert answer.content == content


async def test_a_response_tells_when_its_first_byte_arrived(client, first_byte):
    """The server sends the rest of the body once the client has the first byte."""
    moments = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        await first_byte.wait()
        moments.append(time.perf_counter())
        writer.write(b"two")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        begun_s = time.perf_counter()
        answer = await get(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert answer.content == b"onetwo"
    assert begun_s < answer.first_byte_s <= moments[0]


async def test_a_response_without_content_has_no_first_byte(client):
    async with serving_exactly(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OK) as (_, url):
        empty, answer = await get(client, url), await get(client, url)

    assert empty.first_byte_s is None
    assert answer.first_byte_s is not None


async def test_a_response_to_head_has_no_body(client):
    async with serving_exactly(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", OK) as (server, url):
        head = await get(client, url, "HEAD")
        assert (head.status, head.headers["content-length"], head.content) == (200, "2", b"")
        assert (await get(client, url)).content == b"ok"

    assert server.connections == 1


async def test_repeated_headers_are_kept(client):
    response = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    async with serving_exactly(response) as (_, url):
        answer = await get(client, url)

    assert answer.headers.getall("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(("response", "connections"), [(OK, 1), (CLOSING, 3)], ids=["kept", "closed"])
async def test_a_connection_is_used_again_if_the_server_keeps_it(client, response, connections):
    async with serving_exactly(response, response, response) as (server, url):
        for _ in range(3):
            await get(client, url)

    assert server.connections == connections


async def test_a_connection_that_was_idle_for_too_long_is_not_used_again():
    impatient = HttpClient(headers={"Host": "shop.example"}, timeout_s=60, keepalive_s=0.1)
    async with serving_exactly(OK, OK) as (server, url):
        await get(impatient, url)
        await asyncio.sleep(0.2)
        await get(impatient, url)
    impatient.close()

    assert server.connections == 2


async def test_parallel_requests_have_a_connection_each(client):
    async with serving_exactly(*[OK] * 8) as (server, url):
        await asyncio.gather(*(get(client, url) for _ in range(4)))
        await asyncio.gather(*(get(client, url) for _ in range(4)))

    assert server.connections == 4


async def test_a_get_is_sent_again_if_the_server_ends_an_idle_connection(client):
    async with serving_exactly(OK, None, OK) as (server, url):
        await get(client, url)
        assert (await get(client, url)).content == b"ok"

    assert (server.connections, len(server.received)) == (2, 3)


async def test_a_post_is_never_sent_twice(client):
    async with serving_exactly(OK, None, OK) as (server, url):
        await get(client, url)
        with pytest.raises(ConnectionEndedError):
            await get(client, url, "POST", "x")

    assert len(server.received) == 2


async def test_bytes_that_answer_no_request_end_the_connection(client):
    async with serving_exactly(OK + b"HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n", OK) as (server, url):
        assert (await get(client, url)).content == b"ok"
        assert (await get(client, url)).content == b"ok"

    assert server.connections == 2


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nuntil the end", IncompleteResponseError),
        (b"HTTP/1.1 200 OK\r\nX-Long: until the end", IncompleteResponseError),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", MalformedResponseError),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", MalformedResponseError),
        (None, ConnectionEndedError),
    ],
    ids=["half a body", "half a head", "no HTTP", "upgrade", "nothing"],
)
async def test_a_broken_response_has_its_own_error(client, response, error):
    async with serving_exactly(response) as (_, url):
        with pytest.raises(error):
            await get(client, url)


async def test_a_timeout_closes_the_connection(client, monkeypatch):
    limits = []
    timeout = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda delay: limits.append(timeout(delay)) or limits[-1])
    async with serving_exactly(b"HTTP/1.1 200 OK\r\n", OK) as (server, url):
        unanswered = asyncio.create_task(get(client, url))
        while not server.received:  # noqa: ASYNC110 - the server has nothing to wait on
            await asyncio.sleep(0.01)
        limits[0].reschedule(asyncio.get_running_loop().time())
        with pytest.raises(TimeoutError):
            await unanswered
        assert (await get(client, url)).content == b"ok"

    assert server.connections == 2


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb"])
async def test_a_header_with_a_line_break_is_refused(client, value):
    with pytest.raises(ValueError, match=r"contains a line break; remove it$"):
        await get(client, "http://127.0.0.1:1", **{"X-Key": value})
