"""Django's own ASGI handler, its synchronous parts on threads that live on."""

from concurrent.futures import Executor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

from webapp.serving.threads import LongLivedThreads


class NativeHandler(ASGIHandler):
    """Leases each request a thread of its own for as long as it runs.

    A thread that ended with its request would take a persistent connection with it, which nobody closes.
    At most as many threads exist as requests ran at once; the caller bounds those.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[LongLivedThreads] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        thread = self._idle.pop() if self._idle else LongLivedThreads(1, name="django-async")
        executor: Executor = thread.executor
        try:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)
        finally:
            self._idle.append(thread)

    def close(self) -> None:
        """End the threads that no request holds."""
        while self._idle:
            self._idle.pop().close()
