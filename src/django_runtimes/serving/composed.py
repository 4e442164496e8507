"""Runs the lifespan protocol, which Django does not support, for an ASGI application composed around Django's."""

import asyncio
import logging
import sys
from typing import Any

from django_runtimes.serving.types import Application, Message

logger = logging.getLogger(__name__)


class StartupFailedError(Exception):
    """The application reported through the lifespan protocol that it cannot start."""


class ComposedLifespan:
    """Sends an application its startup and shutdown events, unless it does not support the lifespan protocol.

    The application may fill `state` at startup; every request's scope gets a copy.
    https://asgi.readthedocs.io/en/latest/specs/lifespan.html
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: asyncio.Future[Message] | None = None
        self._running: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def start(self) -> None:
        """Wait until the application has started; raise StartupFailedError if it reports that it cannot."""
        self._running = asyncio.create_task(self._run())
        answer = await self._send_event("startup")
        if answer is None:
            self._running = None
        elif answer["type"] == "lifespan.startup.failed":
            await self._running
            raise StartupFailedError(answer.get("message") or "the application gives no reason")

    async def end(self) -> None:
        """Wait until the application has shut down."""
        if self._running is None:
            return
        answer = await self._send_event("shutdown")
        if answer is None or answer["type"] == "lifespan.shutdown.failed":
            logger.error("the application's shutdown failed: %s", (answer or {}).get("message") or "no reason is given")
        await self._running

    async def _send_event(self, event: str) -> Message | None:
        """Return the application's answer; None if it returns without one."""
        assert self._running is not None  # noqa: S101  (made by start())
        self._answered = asyncio.get_running_loop().create_future()
        self._messages.put_nowait({"type": f"lifespan.{event}"})
        answering: set[asyncio.Future[Any]] = {self._running, self._answered}
        await asyncio.wait(answering, return_when=asyncio.FIRST_COMPLETED)
        return self._answered.result() if self._answered.done() else None

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._application(scope, self._messages.get, self._send)
        except Exception as error:
            # An application that fails before it answers most likely does not support the protocol; a later failure is
            # an error.
            is_fault = self._answered is None or self._answered.done()
            level = logging.ERROR if is_fault else logging.DEBUG
            logger.log(
                level, "the application's lifespan ended: %s", error, exc_info=sys.exc_info() if is_fault else None
            )

    async def _send(self, message: Message) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(message)
