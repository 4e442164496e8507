"""Answers the server's lifespan protocol, which Django does not know."""

import asyncio
from collections.abc import Callable
from typing import Any

Application = Callable[..., Any]


class Lifespan:
    """ASGI middleware that runs `on_shutdown` when the server ends, and hands everything else on.

    `drain_s` reaches the server by the lifespan's state: how long it goes on serving once it is told to end.
    """

    def __init__(self, application: Application, *, on_shutdown: Callable[[], None], drain_s: float = 0.0) -> None:
        self._application = application
        self._on_shutdown = on_shutdown
        self._drain_s = drain_s

    async def __call__(self, scope: dict[str, Any], receive: Application, send: Application) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        await receive()
        # A server need not know of states.
        scope.get("state", {})["drain_s"] = self._drain_s
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # On a thread: what still runs may need the event loop to come to its end.
        await asyncio.to_thread(self._on_shutdown)
        await send({"type": "lifespan.shutdown.complete"})
