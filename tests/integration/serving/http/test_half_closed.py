"""A client that only stops sending gets its answer; one that has left is found out."""

import asyncio
import time

import pytest

from tests.integration.serving.http.in_process import serving
from tests.integration.serving.http.servers import Heard, request

pytestmark = pytest.mark.profile_free

_LATE = request("GET /late")


class Application:
    """Answers in its own way until the client has left."""

    def __init__(self, *, chunk: bytes = b"", pause_s: float = 0.0, chunks: int | None = None) -> None:
        self._chunk, self._pause_s, self._chunks = chunk, pause_s, chunks
        self.left_at = None

    async def __call__(self, scope, receive, send):
        listening = asyncio.create_task(self._listen(receive))
        if self._chunk:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        sent = 0
        while self.left_at is None and sent != self._chunks:
            if self._chunk:
                await send({"type": "http.response.body", "body": self._chunk, "more_body": True})
                sent += 1
            await asyncio.sleep(self._pause_s)
        await send({"type": "http.response.body"})
        listening.cancel()

    async def _listen(self, receive):
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left_at = time.monotonic()

    async def left_after_s(self, since: float) -> float:
        while self.left_at is None:
            assert time.monotonic() - since < 20
            await asyncio.sleep(0.01)
        return self.left_at - since


async def half_closed(port: int, *pieces: bytes) -> tuple[bytes, float]:
    """What the server says to a client that stops sending after these, and after how long it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.monotonic()
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.02)
    writer.write_eof()
    raw = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return raw, time.monotonic() - started


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ([_LATE], [200]),
        ([request("GET /")], [200]),
        ([_LATE * 3], [200, 200, 200]),
        ([_LATE, _LATE, request("POST /", "Content-Length: 3", body=b"abc")], [200, 200, 200]),
        ([request("POST /closing", "Content-Length: 3", body=b"abc")], [200]),
        ([_LATE + b"no request\r\n\r\n"], [200, 400]),
        ([_LATE + b"GET / HT"], [200]),
        ([request("GET /fail")], [500]),
    ],
    ids=["late", "at once", "pipelined", "pipelined body", "closing", "then nonsense", "then half", "fails"],
)
def test_it_gets_its_answers(run, pieces, statuses):
    async def scenario():
        async with serving() as (port, connections):
            heard = await half_closed(port, *pieces)
            await asyncio.sleep(0.05)
            return *heard, len(connections.opened), len(connections.half_closed)

    raw, after_s, opened, waiting = run(scenario())
    assert Heard(raw, closed=True).statuses == statuses
    assert after_s < 4
    assert (opened, waiting) == (0, 0)


def test_pipelined_requests_whose_application_listens(run):
    async def scenario():
        async with serving(app=Application(chunk=b"x", pause_s=0.1, chunks=2)) as (port, _):
            return await half_closed(port, request("GET /") * 4)

    raw, after_s = run(scenario())
    assert raw.count(b"\r\n0\r\n") == 4
    assert after_s < 4


@pytest.mark.parametrize("sent", [b"", b"GET / HT", request("POST /", "Content-Length: 9") + b"half"])
def test_what_is_no_request_is_closed_at_once(run, sent):
    async def scenario():
        async with serving() as (port, _):
            return await half_closed(port, sent)

    raw, after_s = run(scenario())
    assert raw == b""
    assert after_s < 4


def test_an_answer_that_is_taken_goes_on(run):
    application = Application(chunk=b"x" * 1_000_000, chunks=30)

    async def scenario():
        async with serving(app=application, linger_pause_s=0.2) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
            writer.write(request("GET /"))
            writer.write_eof()
            taken = 0
            while data := await reader.read(1_000_000):
                taken += len(data)
                await asyncio.sleep(0.005)
            writer.close()
            return taken

    assert run(scenario()) > 30_000_000


def test_an_answer_that_is_not_taken_ends(run):
    application = Application(chunk=b"x" * 1_000_000)

    async def scenario():
        async with serving(app=application, linger_pause_s=0.2, write_pause_s=0.5) as (port, connections):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            started = time.monotonic()
            writer.write(request("GET /"))
            writer.write_eof()
            after_s = await application.left_after_s(started)
            opened = len(connections.opened)
            writer.close()
            return after_s, opened

    after_s, opened = run(scenario())
    assert 0.4 < after_s < 5
    assert opened == 0


@pytest.mark.parametrize(
    ("application", "limits", "earliest_s"),
    [
        (Application(pause_s=0.01), {"linger_pause_s": 0.5}, 0.4),
        (Application(chunk=b"tick", pause_s=0.05), {}, 0),
    ],
    ids=["by silence", "by a write"],
)
def test_the_application_learns_that_a_client_has_left(run, application, limits, earliest_s):
    application.left_at = None

    async def scenario():
        async with serving(app=application, **limits) as (port, _):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request("GET /"))
            await asyncio.sleep(0.1)
            started = time.monotonic()
            writer.close()
            return await application.left_after_s(started)

    assert earliest_s <= run(scenario()) < 4
