"""Mangum's request and response of an ASGI application, which ends with its head where nothing may follow."""

import asyncio
from typing import Any

from mangum.protocols import HTTPCycle
from mangum.protocols.http import HTTPCycleState

from django_runtimes.serving.framing import has_content

# For an application that does not hear that its client has left.
_GRACE_S = 1.0


class FramedHTTPCycle(HTTPCycle):
    """Mangum's. A stream of which the client takes the head alone ends there: the application hears that it has left.

    It is cancelled a second later. What is whole stays with a HEAD request, whose front counts it.
    """

    _running: "asyncio.Task[Any] | None" = None
    _ending: asyncio.TimerHandle | None = None

    async def run(self, app: Any) -> None:
        """Run the application to its end."""
        self._running = asyncio.current_task()
        try:
            await super().run(app)
        finally:
            if self._ending is not None:
                self._ending.cancel()

    async def send(self, message: Any) -> None:
        """Take one of ASGI's messages."""
        if self._ending is not None:
            # It may be told in between.
            await asyncio.sleep(0)
            return
        is_cut = self._is_last(message)
        if is_cut and message["type"] == "http.response.body":
            message = {**message, "more_body": False}
        await super().send(message)
        if is_cut:
            if self.state is HTTPCycleState.RESPONSE:
                await super().send({"type": "http.response.body", "body": b"", "more_body": False})
            if self._running is not None:
                self._ending = asyncio.get_running_loop().call_later(_GRACE_S, self._running.cancel)

    def _is_last(self, message: Any) -> bool:
        if message["type"] != "http.response.start":
            return self.scope["method"] == "HEAD" and bool(message.get("more_body"))
        names = {name.lower() for name, _ in message.get("headers", ())}
        return not has_content(self.scope["method"], message["status"]) and b"content-length" not in names
