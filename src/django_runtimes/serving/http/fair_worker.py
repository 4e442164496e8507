"""A gunicorn worker with uvicorn inside which leaves the other workers their share of the connections."""

import asyncio
import contextlib
import contextvars
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from ssl import SSLContext
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from django_runtimes.serving.http.handshake import Handshake
from django_runtimes.serving.http.limits import Limits, open_files
from django_runtimes.serving.http.protocol import LimitedHttpProtocol
from django_runtimes.serving.http.worker_connections import Connections

logger = logging.getLogger("uvicorn.error")

# Long enough for another worker to wake up, too short for a client to notice.
_PAUSE_S = 0.001
_LARGEST_TURN = 64
# As long as asyncio waits when there are no file descriptors left.
_EXHAUSTED_PAUSE_S = 1.0
# What is left of gunicorn's graceful timeout when uvicorn gives up waiting: requests are cancelled then, streams and
# connections closed. gunicorn's own end is a SIGKILL.
_CLEAN_UP_S = 5
# Long enough for the answer that tells a busy connection to close.
_RECYCLING_S = 1.0
# How often uvicorn looks whether it is to end.
_TICK_S = 0.1
_TICKS_PER_SWEEP = 10
# While no connection can make room for another.
_FULL_PAUSE_S = 0.02


class FairUvicornWorker(UvicornWorker):  # type: ignore[misc]  # it has no types
    """uvicorn's worker, its listeners taking turns with those of the other workers."""

    # ForwardedHeaders has to see who really connects.
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "http": LimitedHttpProtocol, "proxy_headers": False}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The base class leaves uvicorn waiting for as long as a stream goes on. Draining takes its part of it.
        self.config.timeout_graceful_shutdown = max(1, self.cfg.graceful_timeout - _CLEAN_UP_S)

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = _FairServer(self.config, self._limits(), master=self.ppid)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def _limits(self) -> Limits:
        """gunicorn's own settings, where 0 is without a limit but the whole head's."""
        default = Limits()
        line, field = self.cfg.limit_request_line, self.cfg.limit_request_field_size
        head = max(default.head, line + field)
        return replace(
            default,
            request_line=line or head,
            field=field or head,
            fields=self.cfg.limit_request_fields or default.head,
            head=head,
            idle_s=float(self.cfg.keepalive),
        ).for_descriptors(open_files())


class FairListener:
    """Accepts connections in turns: one, then a pause in which another worker may take the next.

    A worker that accepts whatever waits takes a burst alone, and with keep-alive it keeps it: the other cores idle.
    While the others leave connections waiting, the turns double up to 64, so that a flood is not slowed down.
    `connections` bounds how many are open: for those that come then, the longest silent are closed, TLS handshakes
    among them.
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
        """Accept nothing more; what was accepted goes on."""
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)

    def end_handshakes(self) -> None:
        """Close the connections that have no protocol yet for want of their TLS handshake."""
        for handshake in self._opening.values():
            if handshake is not None:
                handshake.end_silently()

    async def wait_closed(self) -> None:
        """Wait until what was accepted has its protocol."""
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
                self._rest(_FULL_PAUSE_S)
                return
        try:
            accepted = self._accept_up_to(turn)
        except OSError as error:
            self._loop.call_exception_handler(
                {"message": "no connection can be accepted", "exception": error, "socket": self._listener}
            )
            if self._connections is not None:
                self._connections.close_silent(1)
            self._rest(_EXHAUSTED_PAUSE_S)
            return
        if not accepted:
            self._turn = 1
            self._watch()
            return
        if self._connections is not None:
            self._connections.make_room()
        self._turn = min(2 * turn, _LARGEST_TURN) if accepted == turn else 1
        self._rest(_PAUSE_S)

    def _accept_up_to(self, count: int) -> int:
        for accepted in range(count):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return accepted
            except ConnectionAbortedError:
                # The client has left the line.
                continue
            self._open(connection)
        return count

    def _open(self, connection: socket.socket) -> None:
        if connection.family != socket.AF_UNIX:
            # As uvloop does for what it accepts itself: an answer in two writes must not wait for the client's ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handshake = None if self._ssl is None else Handshake(connection)
        self._note_opening(handshake)
        task = self._loop.create_task(self._connect(connection, handshake))
        self._opening[task] = handshake
        task.add_done_callback(self._opening.pop)

    async def _connect(self, connection: socket.socket, handshake: Handshake | None) -> None:
        # asyncio's own timeout is 60 s.
        timeout_s = None if handshake is None or self._connections is None else self._connections.limits.head_s
        try:
            # A client that leaves, or fails at TLS, concerns nobody else.
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

    def _rest(self, pause_s: float) -> None:
        if not self._closed:
            self._pause = self._loop.call_later(pause_s, self._take_turn)


class _FairServer(Server):
    """uvicorn's server, with our listeners where it makes the event loop's, and drained before it closes them.

    `master` is gunicorn's process, which this one does not outlive.
    """

    def __init__(self, config: Config, limits: Limits, *, master: int) -> None:
        super().__init__(config)
        self._limits = limits
        self._master = master
        self._is_orphan = False
        # Before any request's: what one sets there, none after it may see.
        self._context = contextvars.copy_context()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            # uvicorn raises the signal again, which would end the process before its exit handlers run: tools send
            # what they have there.
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # None would make it open a socket of its own.
        await super().startup(sockets=[])
        if not self.lifespan.state.get("websockets", True):
            # A websocket's handshake is a plain request then, as any other upgrade is.
            self.config.ws_protocol_class = None
        elif self.config.ws_protocol_class is not None and find_spec("websockets") is not None:
            # Imported by those alone who serve websockets.
            from django_runtimes.serving.http.websocket import LimitedWebSocket

            self.config.ws_protocol_class = LimitedWebSocket
        self.config.ws_max_size = self.lifespan.state.get("max_message_bytes", self._limits.message)
        limits = replace(self._limits, body=self.lifespan.state.get("max_body_bytes", self._limits.body))
        self._connections = Connections(
            limits, opened=self.server_state.connections, clock=asyncio.get_running_loop().time
        )
        self.servers += [
            FairListener(  # type: ignore[misc]
                listener, self._create_protocol, connections=self._connections, ssl=self.config.ssl
            )
            for listener in sockets or []
        ]

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SWEEP == 0:
            self._connections.sweep()
            if os.getppid() != self._master:
                logger.warning("gunicorn's master process %d is gone; this worker ends", self._master)
                self.should_exit = self._is_orphan = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        longest_s = self.config.timeout_graceful_shutdown or 0
        if self.should_exit:
            # The next master cannot bind the port while an orphan listens.
            wanted_s = 0 if self._is_orphan else self.lifespan.state.get("drain_s", 0)
            drain_s = min(wanted_s, max(0, longest_s - 1))
            self.lifespan.state["draining"] = True
            # A view that never returns would keep an orphan. Where there is a master, its SIGKILL comes first.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(longest_s + _CLEAN_UP_S + 1)
        else:
            # It has served its number of requests; the container goes on, and readiness has nothing to say.
            drain_s = _RECYCLING_S
        self.config.timeout_graceful_shutdown = int(longest_s - drain_s)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._drain(drain_s)
            await super().shutdown(sockets)
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        """While the server ends, what waits for too long would hold its end."""
        while True:
            await asyncio.sleep(_TICK_S * _TICKS_PER_SWEEP)
            self._connections.sweep()

    async def _drain(self, drain_s: float) -> None:
        """Go on serving, while every answer closes its connection: no client sends its next request into a closed one.

        After a signal readiness fails meanwhile, by which load balancers learn of the end.
        """
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self.server_state.connections:
            # Answers that are being made took the headers already; websockets have none.
            if isinstance(connection, LimitedHttpProtocol):
                connection.close_after_answer()
        loop = asyncio.get_running_loop()
        end = loop.time() + drain_s
        # A signal sets the flag, and nothing waits for it.
        while loop.time() < end and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_TICK_S)
        for listener in self.servers:
            listener.close()
        # Clients that were accepted last have not sent their requests yet.
        await asyncio.sleep(_TICK_S)
        for listener in self.servers:
            listener.end_handshakes()  # type: ignore[attr-defined]

    def _create_protocol(self) -> asyncio.Protocol:
        return LimitedHttpProtocol(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            connections=self._connections,
            context=self._context,
        )
