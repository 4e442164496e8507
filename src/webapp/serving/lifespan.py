"""Answers the server's lifespan protocol, which Django does not know."""

import asyncio
from collections.abc import Callable
from typing import Any

Application = Callable[..., Any]


class Lifespan:
    """ASGI middleware that runs `on_shutdown` when the server ends, and hands everything else on.

    Two values reach the server by the lifespan's state: `drain_s`, how long it goes on serving once it is told to end,
    and `max_body_bytes`, the largest body that it reads.
    """

    def __init__(
        self,
        application: Application,
        *,
        on_shutdown: Callable[[], None],
        drain_s: float = 0.0,
        max_body_bytes: int | None = None,
    ) -> None:
        self._application = application
        self._on_shutdown = on_shutdown
        self._state = {"drain_s": drain_s}
        if max_body_bytes is not None:
            self._state["max_body_bytes"] = max_body_bytes

    async def __call__(self, scope: dict[str, Any], receive: Application, send: Application) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        await receive()
        # A server need not know of states.
        scope.get("state", {}).update(self._state)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # On a thread: what still runs may need the event loop to come to its end.
        await asyncio.to_thread(self._on_shutdown)
        await send({"type": "lifespan.shutdown.complete"})
