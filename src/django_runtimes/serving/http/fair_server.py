"""uvicorn's server with fair listeners, drained before it closes its connections."""

import asyncio
import contextlib
import contextvars
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec

from uvicorn.config import Config
from uvicorn.server import Server

from django_runtimes.serving.http.budgets.freed_memory import FreedMemory
from django_runtimes.serving.http.fair_listener import FairListener
from django_runtimes.serving.http.limits import Limits
from django_runtimes.serving.http.protocol import LimitedHttpProtocol
from django_runtimes.serving.http.worker_connections import Connections

logger = logging.getLogger("uvicorn.error")

# What is left of gunicorn's graceful timeout when uvicorn gives up waiting: requests are cancelled then, streams and
# connections closed. gunicorn's own end is a SIGKILL.
CLEAN_UP_S = 5
# Long enough for the answer that tells a busy connection to close.
_RECYCLING_S = 1.0
# How often uvicorn looks whether it is to end.
_TICK_S = 0.1
_TICKS_PER_SWEEP = 10


class FairServer(Server):
    """uvicorn's server, with our listeners where it makes the event loop's, and drained before it closes them.

    `master` is gunicorn's process, which this one does not outlive.
    """

    def __init__(self, config: Config, limits: Limits, *, master: int) -> None:
        super().__init__(config)
        self._limits = limits
        self._master = master
        self._is_orphan = False
        self._freed_memory = FreedMemory()
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
        state = self.lifespan.state
        limits = replace(
            self._limits,
            body=state.get("max_body_bytes", self._limits.body),
            message=state.get("max_websocket_message_bytes", self._limits.message),
        )
        self._connections = Connections(
            limits, opened=self.server_state.connections, clock=asyncio.get_running_loop().time
        )
        # Without websockets a handshake is a plain request, as any other upgrade is.
        has_websockets = state.get("websockets", True)
        self.config.ws_protocol_class = _websockets(self._connections) if has_websockets else None  # type: ignore[assignment]
        self.config.ws_max_size = limits.message
        self.servers += [
            FairListener(  # type: ignore[misc]
                listener, self._create_protocol, connections=self._connections, ssl=self.config.ssl
            )
            for listener in sockets or []
        ]

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SWEEP == 0:
            self._connections.sweep()
            self._freed_memory.note(len(self.server_state.connections))
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
            signal.alarm(longest_s + CLEAN_UP_S + 1)
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

        After a signal readiness fails, by which load balancers learn of the end.
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


def _websockets(connections: Connections) -> Callable[..., asyncio.Protocol] | None:
    """What makes the worker's websockets; None where the library is missing that inflates within limits."""
    if find_spec("websockets") is None:
        if find_spec("wsproto") is not None:
            logger.warning("websockets are not served: wsproto inflates messages without a limit; install websockets")
        return None
    # Imported by those alone who serve websockets.
    from django_runtimes.serving.http.websocket import websockets_among

    return websockets_among(connections)
