"""Workers share a burst of connections, and accept a single connection at once."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from django_runtimes.serving.http import fair_server
from django_runtimes.serving.http.fair_listener import FairListener
from tests.integration.serving.one_hop.exchange import eventually

pytestmark = pytest.mark.profile_free


class Greeter(asyncio.Protocol):
    """Sends hello to every client."""

    def __init__(self, greeted: list[asyncio.Transport]) -> None:
        self._greeted = greeted

    def connection_made(self, transport) -> None:
        self._greeted.append(transport)
        transport.write(b"hello")


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        yield server


@asynccontextmanager
async def worker(listener: socket.socket) -> AsyncIterator[list[asyncio.Transport]]:
    """Run a worker's listener on a shared socket; yield its connections."""
    accepted: list[asyncio.Transport] = []
    with listener.dup() as own:
        fair = FairListener(own, lambda: Greeter(accepted))
        yield accepted
        fair.close()
        await fair.wait_closed()
    for transport in accepted:
        transport.close()


async def greetings(listener: socket.socket, count: int) -> list[bytes]:
    """Connect `count` clients before any worker accepts; return the greetings that they receive."""
    clients = [socket.create_connection(listener.getsockname()) for _ in range(count)]
    streams = [await asyncio.open_connection(sock=client) for client in clients]
    received = [await asyncio.wait_for(reader.readexactly(5), 60) for reader, _ in streams]
    for _, writer in streams:
        writer.close()
    return received


async def test_a_burst_is_shared_among_the_workers(listener):
    async with worker(listener) as one, worker(listener) as other:
        received = await greetings(listener, 40)

    assert received == [b"hello"] * 40
    assert len(one) + len(other) == 40
    assert min(len(one), len(other)) >= 10


async def test_a_single_worker_serves_all_clients(listener):
    async with worker(listener) as accepted:
        assert await greetings(listener, 200) == [b"hello"] * 200
        assert await greetings(listener, 1) == [b"hello"]

    assert len(accepted) == 201


async def test_connections_disable_nagles_algorithm(listener):
    async with worker(listener) as accepted:
        await greetings(listener, 1)
        options = [one.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in accepted]

    assert options == [1]


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="this system lacks the option")
async def test_the_kernel_buffers_little_of_an_unread_response(listener):
    async with worker(listener) as accepted:
        with socket.create_connection(listener.getsockname()):
            await eventually(lambda: accepted)
            sent = 64 * 2**20
            accepted[0].write(bytes(sent))
            await asyncio.sleep(0.2)
            taken = sent - accepted[0].get_write_buffer_size()
            accepted[0].abort()

    assert taken < 2 * 2**20


async def test_a_closed_listener_leaves_connections_to_the_other_workers(listener):
    async with worker(listener) as staying:
        async with worker(listener) as leaving:
            pass

        assert await greetings(listener, 10) == [b"hello"] * 10

    assert (len(staying), len(leaving)) == (10, 0)


async def test_a_worker_without_file_descriptors_logs_and_pauses(listener, monkeypatch):
    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context["message"]))
    monkeypatch.setattr("django_runtimes.serving.http.fair_listener._EXHAUSTED_PAUSE_S", 0.01)

    class Exhausted:
        def __init__(self, sock: socket.socket) -> None:
            self._sock, self.failures = sock, 3

        def __getattr__(self, name):
            return getattr(self._sock, name)

        def accept(self):
            if self.failures:
                self.failures -= 1
                raise OSError(24, "Too many open files")
            return self._sock.accept()

    with listener.dup() as own:
        fair = FairListener(Exhausted(own), lambda: Greeter([]))  # type: ignore[arg-type]
        received = await greetings(listener, 2)
        fair.close()
        await fair.wait_closed()

    assert received == [b"hello"] * 2
    assert errors == ["cannot accept a connection"] * 3


async def test_disconnected_clients_are_skipped(listener):
    for request in (b"", b"GET / HTTP/1.1\r\n\r\n"):
        for _ in range(20):
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(request)
    with socket.create_connection(listener.getsockname()):
        async with worker(listener) as accepted:
            await eventually(lambda: accepted)
            await asyncio.sleep(0.1)
            assert len(accepted) == 1
            accepted[0].close()


def test_a_websocket_library_without_limits_is_not_used(monkeypatch, caplog):
    monkeypatch.setattr(fair_server, "find_spec", lambda name: name == "wsproto" or None)

    assert fair_server._websockets(None) is None
    assert "install websockets" in caplog.text
