"""A listener that leaves other workers their share of new connections."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from ssl import SSLContext

from django_runtimes.serving.http.handshake import Handshake, has_left
from django_runtimes.serving.http.worker_connections import Connections

# This is long enough for another worker to wake up, but too short for a client to notice.
_PAUSE_S = 0.001
_LARGEST_TURN = 64
# The most closed connections skipped in one turn, which takes about 3 ms.
_MAX_GONE = 512
# The kernel buffers this much of a response until it can send it. By default it buffers up to 4 MB, and every client
# that reads nothing would occupy as much. Bytes in flight to the client are not counted.
_NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_MAX_UNSENT_BYTES = 512 * 1024
# asyncio's pause when no file descriptors are left.
_EXHAUSTED_PAUSE_S = 1.0
# The pause while no connection can make room for another.
_FULL_PAUSE_S = 0.02


class FairListener:
    """Accepts one connection at a time, with a pause in which another worker may accept the next.

    A worker that accepts all waiting connections takes a whole burst, and keeps it with keep-alive while other cores
    idle. While the other workers leave connections waiting, the number accepted per turn doubles up to 64, so that a
    flood is not slowed down. `connections` limits how many are open: at the limit, new ones replace those silent for
    the longest time, including TLS handshakes.
    """

    def __init__(
        self,
        listener: socket.socket,
        create_protocol: Callable[[], asyncio.Protocol],
        *,
        connections: Connections | None = None,
        ssl: SSLContext | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._create_protocol = create_protocol
        self._connections = connections
        self._ssl = ssl
        self._turn = 1
        self._pause: asyncio.TimerHandle | None = None
        self._opening: dict[asyncio.Task[None], Handshake | None] = {}
        self._closed = False
        listener.settimeout(0)
        self._watch()

    def close(self) -> None:
        """Stop accepting; connections that were accepted stay open."""
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)

    def end_handshakes(self) -> None:
        """Close connections whose TLS handshake is not complete."""
        for handshake in self._opening.values():
            if handshake is not None:
                handshake.end_silently()

    async def wait_closed(self) -> None:
        """Wait until all accepted connections have a protocol or have failed."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _watch(self) -> None:
        self._loop.add_reader(self._listener, self._begin_turn)

    def _begin_turn(self) -> None:
        self._loop.remove_reader(self._listener)
        self._take_turn()

    def _take_turn(self) -> None:
        self._pause = None
        turn = self._turn
        if self._connections is not None:
            turn = self._connections.admitted(turn)
            if not turn:
                self._resume_after(_FULL_PAUSE_S)
                return
        try:
            accepted = self._accept_up_to(turn)
        except OSError as error:
            self._loop.call_exception_handler(
                {"message": "cannot accept a connection", "exception": error, "socket": self._listener}
            )
            if self._connections is not None:
                self._connections.close_silent(1)
            self._resume_after(_EXHAUSTED_PAUSE_S)
            return
        if not accepted:
            self._turn = 1
            self._watch()
            return
        if self._connections is not None:
            self._connections.make_room()
        self._turn = min(2 * turn, _LARGEST_TURN) if accepted == turn else 1
        self._resume_after(_PAUSE_S)

    def _accept_up_to(self, count: int) -> int:
        """Accept connections; return how many, or `count` if more may be waiting.

        Connections that their clients have closed are skipped: they can fill the backlog quickly and delay others.
        """
        accepted = gone = 0
        while accepted < count and gone < _MAX_GONE:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return accepted
            except ConnectionAbortedError:
                gone += 1
                continue
            if has_left(connection):
                connection.close()
                gone += 1
            else:
                self._open(connection)
                accepted += 1
        return count

    def _open(self, connection: socket.socket) -> None:
        if connection.family != socket.AF_UNIX:
            # uvloop does this itself: a response in two writes must not wait for the client's ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _NOTSENT_LOWAT is not None:
                connection.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _MAX_UNSENT_BYTES)
        handshake = None if self._ssl is None else Handshake(connection)
        self._note_opening(handshake)
        task = self._loop.create_task(self._connect(connection, handshake))
        self._opening[task] = handshake
        task.add_done_callback(self._opening.pop)

    async def _connect(self, connection: socket.socket, handshake: Handshake | None) -> None:
        # asyncio's default timeout is 60 s.
        timeout_s = None if handshake is None or self._connections is None else self._connections.limits.head_s
        try:
            # A client that disconnects or fails its TLS handshake does not affect others.
            with contextlib.suppress(OSError):
                await self._loop.connect_accepted_socket(
                    self._create_protocol, connection, ssl=self._ssl, ssl_handshake_timeout=timeout_s
                )
        finally:
            self._note_opened(handshake)

    def _note_opening(self, handshake: Handshake | None) -> None:
        connections = self._connections
        if connections is not None:
            connections.opening += 1
            if handshake is not None:
                connections.handshakes += 1
                connections.fresh[handshake] = connections.clock()

    def _note_opened(self, handshake: Handshake | None) -> None:
        connections = self._connections
        if connections is not None:
            connections.opening -= 1
            if handshake is not None:
                connections.handshakes -= 1
                connections.fresh.pop(handshake, None)

    def _resume_after(self, pause_s: float) -> None:
        if not self._closed:
            self._pause = self._loop.call_later(pause_s, self._take_turn)
