"""Mangum's HTTP cycle, extended to end a response with its head when it cannot have content."""

import asyncio
from typing import Any

from mangum.protocols import HTTPCycle
from mangum.protocols.http import HTTPCycleState

from django_runtimes.serving.framing import has_content

# How long an application may continue to stream after the client's response is complete.
_GRACE_S = 1.0


class FramedHTTPCycle(HTTPCycle):
    """Mangum's cycle, extended to end a stream after its head if the response cannot have content.

    The application receives http.disconnect, and is cancelled a second later. The answer to a HEAD request keeps a body
    that is sent in one message, since the front computes Content-Length from it.
    """

    _running: "asyncio.Task[Any] | None" = None
    _ending: asyncio.TimerHandle | None = None

    async def run(self, app: Any) -> None:
        """Run the application until it returns."""
        self._running = asyncio.current_task()
        try:
            await super().run(app)
        finally:
            if self._ending is not None:
                self._ending.cancel()

    async def send(self, message: Any) -> None:
        """Process an ASGI message from the application."""
        if self._ending is not None:
            # Yield to the event loop, so that the application can be cancelled between messages.
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
