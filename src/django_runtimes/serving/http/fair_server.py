"""uvicorn's server with fair listeners, which drains before it closes its connections."""

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

# The part of gunicorn's graceful timeout that remains when uvicorn stops waiting: it then cancels requests and closes
# streams and connections. When gunicorn's timeout ends, it sends SIGKILL.
CLEAN_UP_S = 5
# This is long enough for a busy connection to get a response with `Connection: close`.
_RECYCLING_S = 1.0
# How often uvicorn checks whether it should stop.
_TICK_S = 0.1
_TICKS_PER_SWEEP = 10


class FairServer(Server):
    """uvicorn's server with FairListener instead of the event loop's listeners, drained before it closes them.

    `master` is the process ID of gunicorn's master; the server stops when the master is gone.
    """

    def __init__(self, config: Config, limits: Limits, *, master: int) -> None:
        super().__init__(config)
        self._limits = limits
        self._master = master
        self._is_orphan = False
        self._freed_memory = FreedMemory()
        # The context is copied before any request, so that no request sees values that an earlier request set.
        self._context = contextvars.copy_context()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            # uvicorn raises the signal again, which would end the process before its exit handlers run; monitoring
            # tools send their remaining data in these.
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # With None, uvicorn would open its own socket.
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
        # Without websockets, a handshake is handled as a plain request, like any other upgrade.
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
                logger.warning("gunicorn's master process %d is gone; this worker stops", self._master)
                self.should_exit = self._is_orphan = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        longest_s = self.config.timeout_graceful_shutdown or 0
        if self.should_exit:
            # A new master cannot bind the port while an orphan listens, so an orphan does not drain.
            wanted_s = 0 if self._is_orphan else self.lifespan.state.get("drain_s", 0)
            drain_s = min(wanted_s, max(0, longest_s - 1))
            self.lifespan.state["draining"] = True
            # A view that never returns would keep an orphan alive. If the master is alive, it sends SIGKILL before this
            # alarm.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(longest_s + CLEAN_UP_S + 1)
        else:
            # The worker has served its maximum number of requests; the container keeps serving and stays ready.
            drain_s = _RECYCLING_S
        self.config.timeout_graceful_shutdown = int(longest_s - drain_s)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._drain(drain_s)
            await super().shutdown(sockets)
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        """Keep closing connections that wait too long, so that they do not delay the server's end."""
        while True:
            await asyncio.sleep(_TICK_S * _TICKS_PER_SWEEP)
            self._connections.sweep()

    async def _drain(self, drain_s: float) -> None:
        """Keep serving with `Connection: close`, so that no client sends its next request on a closed connection.

        After a signal, readiness fails, so that load balancers stop sending requests.
        """
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self.server_state.connections:
            # Responses that have begun used the previous headers; websockets have no headers to change.
            if isinstance(connection, LimitedHttpProtocol):
                connection.close_after_answer()
        loop = asyncio.get_running_loop()
        end = loop.time() + drain_s
        # A signal handler sets the flag; there is no event to wait for.
        while loop.time() < end and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_TICK_S)
        for listener in self.servers:
            listener.close()
        # The clients accepted last may not have sent their requests yet.
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
    """Return the factory of the worker's websockets; None without the websockets package, which limits inflation."""
    if find_spec("websockets") is None:
        if find_spec("wsproto") is not None:
            logger.warning("websockets are not served: wsproto inflates messages without a limit; install websockets")
        return None
    # Imported only by servers with websockets.
    from django_runtimes.serving.http.websocket import websockets_among

    return websockets_among(connections)
