"""Serves an application in this process, with limits short enough for a test."""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from socket import create_server
from ssl import SSLContext

from uvicorn.config import Config
from uvicorn.server import ServerState

from django_runtimes.serving.http.fair_listener import FairListener
from django_runtimes.serving.http.limits import Limits
from django_runtimes.serving.http.protocol import LimitedHttpProtocol
from django_runtimes.serving.http.websocket import websockets_among
from django_runtimes.serving.http.worker_connections import Connections
from tests.integration.serving.http.mirror import application

# Only a failing test reaches this deadline, because the server acts long before it.
PATIENCE_S = 60


@asynccontextmanager
async def serving(
    *,
    app=application,
    ssl: SSLContext | None = None,
    sweeps: bool = True,
    ping_s: float = 60.0,
    clock: Callable[[], float] | None = None,
    **limits: float,
) -> AsyncIterator[tuple[int, Connections]]:
    """Serve `app`; yield the port and the server's connections, whose times are those of `clock`, if given."""
    config = Config(app, log_config=None, ws_ping_interval=ping_s, ws_ping_timeout=ping_s)
    state, loop = ServerState(), asyncio.get_running_loop()
    config.load()
    within = Limits(**limits)
    connections = Connections(within, opened=state.connections, clock=clock or loop.time)
    config.ws_protocol_class, config.ws_max_size = websockets_among(connections), within.message
    context = contextvars.copy_context()

    def protocol() -> LimitedHttpProtocol:
        return LimitedHttpProtocol(config, state, {}, connections=connections, context=context)

    async def sweep() -> None:
        while sweeps:
            await asyncio.sleep(0.02)
            connections.sweep()

    with create_server(("127.0.0.1", 0), backlog=256) as listener:
        fair = FairListener(listener, protocol, connections=connections, ssl=ssl)
        sweeping = asyncio.create_task(sweep())
        yield listener.getsockname()[1], connections
        sweeping.cancel()
        fair.close()
        fair.end_handshakes()
        await fair.wait_closed()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0.05)


async def talk_until_closed(port: int, *pieces: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """Connect and send the pieces; return all that the server sends until it closes, and the seconds until then."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(reader.read())
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause_s)
    raw = await asyncio.wait_for(reading, PATIENCE_S)
    writer.close()
    return raw, time.monotonic() - started


async def closes(reader: asyncio.StreamReader, *, within_s: float = 0.2) -> bool:
    """Return whether the server closes the connection within `within_s`."""
    try:
        return await asyncio.wait_for(reader.read(), within_s) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
