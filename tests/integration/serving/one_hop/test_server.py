"""The handler behind a real server, on real sockets."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from django.contrib.auth.models import Group
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.integration.serving.one_hop.exchange import TIMEOUT_S, eventually

barrier = None
outcomes: list[str] = []
made: list[int] = []
CHUNK = b"x" * 2**16


def held(request):
    barrier.stop()
    outcomes.append("finished")
    return HttpResponse("held")


async def aheld(request):
    try:
        await barrier.astop()
    except asyncio.CancelledError:
        outcomes.append("cancelled")
        raise
    return HttpResponse("held")


def stream(request):
    def chunks():
        try:
            for number in range(10_000):
                made.append(number)
                yield CHUNK
        finally:
            outcomes.append("closed")

    return StreamingHttpResponse(chunks())


@csrf_exempt
def upload(request):
    return HttpResponse(f"{len(request.body)} bytes")


def sizes(request):
    return HttpResponse(f"{request.POST.get('title')} {[file.size for file in request.FILES.values()]}")


@csrf_exempt
def form(request):
    return sizes(request)


@csrf_exempt
async def aform(request):
    return sizes(request)


def nothing(request):
    return HttpResponse(status=204)


def rows(request):
    Group.objects.get_or_create(name="one")
    return StreamingHttpResponse(group.name for group in Group.objects.iterator())


urlpatterns = [
    path("held", held),
    path("aheld", aheld),
    path("stream", stream),
    path("upload", upload),
    path("form", form),
    path("aform", aform),
    path("nothing", nothing),
    path("rows", rows),
]


@contextmanager
def running(server: uvicorn.Server) -> Iterator[int]:
    """Run the server on a separate thread; yield its port."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


@pytest.fixture
def port(one_hop) -> Iterator[int]:
    """Run uvicorn on 127.0.0.1 with our handler and two threads; yield its port."""
    outcomes.clear()
    made.clear()
    config = uvicorn.Config(
        one_hop(threads=2), host="127.0.0.1", port=0, lifespan="off", ws="none", log_config=None, loop="asyncio"
    )
    with running(uvicorn.Server(config)) as port:
        yield port


class Client:
    """A raw connection that reads only when the test asks it to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def asking(cls, port: int, method: str, target: str, *, body: bytes = b"") -> "Client":
        # With a small limit, unread data stays on the server's side.
        client = cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**12))
        client.send(
            f"{method} {target} HTTP/1.1\r\nHost: testserver\r\nX-Forwarded-Proto: https\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        )
        client.send(body)
        return client

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def everything(self) -> bytes:
        """Return all that the server sends until it closes, and close the connection."""
        async with asyncio.timeout(TIMEOUT_S):
            received = await self._reader.read()
        await self.leave()
        return received

    async def leave(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def answer(port: int, method: str, target: str, *, body: bytes = b"") -> bytes:
    return await (await Client.asking(port, method, target, body=body)).everything()


async def test_a_sync_view_finishes_after_a_disconnect(port, barrier, caplog):
    client = await Client.asking(port, "GET", "/held")
    await barrier.reached()

    await client.leave()
    barrier.open()
    await eventually(lambda: outcomes)

    assert outcomes == ["finished"]
    assert (await answer(port, "GET", "/nothing")).startswith(b"HTTP/1.1 204")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_async_view_is_cancelled_on_disconnect(port, barrier, caplog):
    client = await Client.asking(port, "GET", "/aheld")
    await barrier.reached()

    await client.leave()
    await eventually(lambda: outcomes)

    assert outcomes == ["cancelled"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_stream_waits_for_a_slow_client_and_ends_on_disconnect(port, caplog):
    client = await Client.asking(port, "GET", "/stream")
    await eventually(lambda: made)
    await asyncio.sleep(0.3)
    while_not_reading = len(made) * len(CHUNK)

    await client.leave()
    await eventually(lambda: outcomes)

    # The kernel's buffers hold only a few of the stream's 650 MB.
    assert while_not_reading < 64 * 2**20
    assert outcomes == ["closed"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("method", "target", "status", "body"),
    [
        ("POST", "/upload", b"200 OK", b"2000000 bytes"),
        ("GET", "/nothing", b"204 No Content", b""),
        ("HEAD", "/nowhere", b"404 Not Found", b""),
    ],
)
async def test_requests_and_responses_are_complete(port, method, target, status, body):
    upload = b"x" * 2_000_000 if method == "POST" else b""

    received = await answer(port, method, target, body=upload)

    assert received.startswith(b"HTTP/1.1 " + status)
    assert received.partition(b"\r\n\r\n")[2] == body


@pytest.mark.django_db(transaction=True)
async def test_rows_stream_to_many_clients(port):
    replies = [await answer(port, "GET", "/rows") for _ in range(4)]

    assert all(b"\r\n3\r\none\r\n0\r\n\r\n" in reply for reply in replies)


async def test_a_server_stop_closes_a_running_stream(one_hop, caplog):
    # A captured log record would keep the server's connections alive.
    caplog.set_level("CRITICAL", "uvicorn.error")
    outcomes.clear()
    made.clear()
    handler = one_hop(threads=1)
    config = uvicorn.Config(
        handler,
        host="127.0.0.1",
        port=0,
        lifespan="off",
        ws="none",
        log_config=None,
        loop="asyncio",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with running(server) as port:
        client = await Client.asking(port, "GET", "/stream")
        await eventually(lambda: made)
    await client.leave()
    for connection in server.server_state.connections:
        # The server's loop has ended: collecting an open socket later would cause a warning in another test.
        connection.transport._sock.close()
        connection.transport._sock = None

    await eventually(lambda: outcomes)
    assert outcomes == ["closed"]


@pytest.mark.parametrize("target", ["/form", "/aform"])
async def test_a_chunked_form_arrives(port, target):
    parts = (
        b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="doc"; filename="a.bin"\r\n\r\n%s\r\n--edge--\r\n'
    ) % (b"x" * 200_000)
    pieces = [parts[start : start + 30_000] for start in range(0, len(parts), 30_000)]
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    client.send(
        f"POST {target} HTTP/1.1\r\nHost: testserver\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    for piece in [*pieces, b""]:
        client.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    assert (await client.everything()).endswith(b"hello [200000]")
