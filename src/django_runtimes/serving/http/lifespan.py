"""Answers the server's lifespan protocol, which Django does not know."""

import asyncio
from collections.abc import Callable
from typing import Any

from django_runtimes.serving.composed import ComposedLifespan, StartupFailedError
from django_runtimes.serving.types import Application, Receive, Send


class Lifespan:
    """ASGI middleware that runs `on_shutdown` when the server ends, and hands everything else on.

    `composed` is told of the lifespan too: the project's own application around Django.
    Four values reach the server by the lifespan's state: `drain_s`, how long it goes on serving once it is told to
    end, `max_body_bytes` and `max_websocket_message_bytes`, the largest body and websocket message that it reads, and
    `websockets`, whether there may be any: Django has none.
    """

    def __init__(
        self,
        application: Application,
        *,
        on_shutdown: Callable[[], None],
        composed: Application | None = None,
        drain_s: float = 0.0,
        max_body_bytes: int | None = None,
        max_websocket_message_bytes: int | None = None,
    ) -> None:
        self._application = application
        self._on_shutdown = on_shutdown
        self._composed = composed
        self._state: dict[str, Any] = {"drain_s": drain_s, "websockets": composed is not None}
        if max_body_bytes is not None:
            self._state["max_body_bytes"] = max_body_bytes
        if max_websocket_message_bytes is not None:
            self._state["max_websocket_message_bytes"] = max_websocket_message_bytes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        composed = ComposedLifespan(self._composed) if self._composed is not None else None
        await receive()
        state = dict(self._state)
        if composed is not None:
            try:
                await composed.start()
            except StartupFailedError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            # What the server is told comes last: it is not the application's to change.
            state = {**composed.state, **state}
        # A server need not know of states.
        scope.get("state", {}).update(state)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if composed is not None:
            await composed.end()
        # On a thread: what still runs may need the event loop to come to its end.
        await asyncio.to_thread(self._on_shutdown)
        await send({"type": "lifespan.shutdown.complete"})
