"""Django's own ASGI handler, its synchronous parts on threads that live on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

from webapp.serving.threads import LongLivedThreads


class ThreadLeases:
    """Threads of which each is one task's alone for a time.

    A thread that ended with its request would take a persistent connection with it, which nobody closes.
    As many threads exist as were leased at once; the caller bounds those.
    """

    def __init__(self) -> None:
        self._all: list[LongLivedThreads] = []
        self._idle: list[LongLivedThreads] = []

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """Send the block's thread-sensitive calls to a thread of its own."""
        if not self._idle:
            self._all.append(LongLivedThreads(1, name="django-async"))
            self._idle.append(self._all[-1])
        thread = self._idle.pop()
        try:
            async with ThreadSensitiveContext(executor=thread.executor):
                yield
        except asyncio.CancelledError:
            # The thread may be in the midst of a view: whoever came next would wait behind it.
            loop = asyncio.get_running_loop()
            last = thread.executor.submit(int)
            last.add_done_callback(lambda _: loop.call_soon_threadsafe(self._idle.append, thread))
            raise
        except BaseException:
            self._idle.append(thread)
            raise
        else:
            self._idle.append(thread)

    def close(self) -> None:
        """Let what runs finish, then end every thread with its connections."""
        while self._all:
            self._all.pop().close()
        self._idle.clear()


class NativeHandler(ASGIHandler):
    """Serves each request on a lease."""

    def __init__(self, leases: ThreadLeases) -> None:
        super().__init__()
        self._leases = leases

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async with self._leases.lease():
            await self.handle(scope, receive, send)
