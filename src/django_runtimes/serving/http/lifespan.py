"""Answers the server's lifespan protocol, which Django does not support."""

import asyncio
from collections.abc import Callable
from typing import Any

from django_runtimes.serving.composed import ComposedLifespan, StartupFailedError
from django_runtimes.serving.types import Application, Receive, Send


class Lifespan:
    """ASGI middleware that runs `on_shutdown` when the server stops, and passes everything else on.

    `composed`, the project's own application around Django, takes part in the lifespan too.
    The lifespan's state passes five values to the server. `drain_s` is how long it keeps serving after a stop
    signal. `max_body_bytes` and `max_websocket_message_bytes` are the largest body and websocket message that it reads.
    `websockets` says whether it accepts websockets, which Django alone does not serve. `note_refusal` gets the status
    and the reason of each request that the server answers itself.
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
        note_refusal: Callable[[int, str], None] | None = None,
    ) -> None:
        self._application = application
        self._on_shutdown = on_shutdown
        self._composed = composed
        self._state: dict[str, Any] = {"drain_s": drain_s, "websockets": composed is not None}
        if max_body_bytes is not None:
            self._state["max_body_bytes"] = max_body_bytes
        if max_websocket_message_bytes is not None:
            self._state["max_websocket_message_bytes"] = max_websocket_message_bytes
        if note_refusal is not None:
            self._state["note_refusal"] = note_refusal

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
            # The server's values come last, so that the application cannot change them.
            state = {**composed.state, **state}
        # Not every server supports the lifespan's state.
        scope.get("state", {}).update(state)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if composed is not None:
            await composed.end()
        # Run it on a thread, since work that `on_shutdown` waits for may need the event loop.
        await asyncio.to_thread(self._on_shutdown)
        await send({"type": "lifespan.shutdown.complete"})
