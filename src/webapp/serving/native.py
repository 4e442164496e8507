"""Django's own ASGI handler, its synchronous parts on threads that live on."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, BinaryIO

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import set_script_prefix

from webapp.serving.body import Receive, read_body
from webapp.serving.gate import Gate
from webapp.serving.patches import is_patched
from webapp.serving.sync_stream import Send
from webapp.serving.threads import LongLivedThreads

# Longer than the server lets requests finish before it closes the handler.
_LAST_RETURN_S = 30.0


class ThreadLeases:
    """Threads of which each is one task's alone for a time.

    A thread that ended with its request would take a persistent connection with it, which nobody closes.
    As many threads exist as were leased at once; the caller bounds those. `keeping` of those that are idle keep
    their connections.
    """

    def __init__(self, *, keeping: int) -> None:
        self._keeping = keeping
        self._all: list[LongLivedThreads] = []
        self._idle: list[LongLivedThreads] = []
        self._returned = threading.Condition()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """Send the block's thread-sensitive calls to a thread of its own."""
        thread = self._take()
        try:
            async with ThreadSensitiveContext(executor=thread.executor):
                yield
        except asyncio.CancelledError:
            # The thread may be in the midst of a view: whoever came next would wait behind it.
            thread.executor.submit(self._give_back, thread)
            raise
        except BaseException:
            self._give_back(thread)
            raise
        else:
            self._give_back(thread)

    def close(self) -> None:
        """Wait for what is leased, then end every thread with its connections; not for the event loop's thread."""
        with self._returned:
            self._returned.wait_for(lambda: len(self._idle) == len(self._all), _LAST_RETURN_S)
        while self._all:
            self._all.pop().close()
        self._idle.clear()

    def _take(self) -> LongLivedThreads:
        with self._returned:
            if not self._idle:
                self._all.append(LongLivedThreads(1, name="django-async"))
                return self._all[-1]
            return self._idle.pop()

    def _give_back(self, thread: LongLivedThreads) -> None:
        with self._returned:
            if len(self._idle) >= self._keeping:
                # After a crowd; whoever leases it next waits for the end of this.
                thread.executor.submit(connections.close_all)
            self._idle.append(thread)
            self._returned.notify_all()


class NativeHandler(ASGIHandler):
    """Serves each request on a lease, which slow clients do not hold: neither while the body comes in nor while a
    plain response goes out. `gate` bounds how many run at once."""

    def __init__(self, leases: ThreadLeases, *, gate: Gate | None = None) -> None:
        super().__init__()
        self._leases = leases
        self._gate = gate
        self._handle_is_patched = is_patched(ASGIHandler, "handle")

    @property
    def __class__(self) -> type[ASGIHandler]:
        """Django's own class, which its methods send as the signals' sender: a receiver may have named it."""
        return ASGIHandler

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request; OverloadedError when the gate has no place for it in time."""
        try:
            body = await read_body(receive)
        except RequestAborted:
            return
        outbox = _Outbox(send)
        admitted: AbstractAsyncContextManager[None] = nullcontext() if self._gate is None else self._gate.place()
        # Django closes the body too, where it gets that far: one that is refused does not.
        with body:
            async with admitted, self._leases.lease():
                await self._handle_to_its_end(scope, _ReadRequest(body, receive), outbox)
        await outbox.flush()

    async def _handle_to_its_end(self, scope: dict[str, Any], request: "_ReadRequest", outbox: "_Outbox") -> None:
        handle = super().handle if self._handle_is_patched else self.handle
        handling = asyncio.create_task(handle(scope, request, outbox), context=request.context)
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            # Cancelled itself, Django's handler leaves the view running; its client's leaving ends both.
            request.leave()
            await asyncio.wait([handling])
            raise

    async def handle(self, scope: dict[str, Any], receive: "_ReadRequest", send: "_Outbox") -> None:
        """Django's, in one context: what a receiver of the first signal or the view sets is there until the last one.

        Django gives the receivers, the view and its sending a context each.
        """
        set_script_prefix(get_script_prefix(scope))
        # Not asend(), which copies the context for the receivers.
        await sync_to_async(signals.request_started.send)(sender=ASGIHandler, scope=scope)
        request, refusal = self.create_request(scope, receive.body)
        if request is None:
            await self.send_response(refusal, send)
            await sync_to_async(refusal.close)()
            return
        responses: list[HttpResponseBase] = []
        try:
            await self._respond_unless_left(request, responses, receive, send)
        finally:
            if responses:
                await sync_to_async(responses[0].close)()
            else:
                await sync_to_async(signals.request_finished.send)(sender=ASGIHandler)

    async def _respond_unless_left(
        self, request: HttpRequest, responses: list[HttpResponseBase], receive: "_ReadRequest", send: "_Outbox"
    ) -> None:
        """Append the response and send it, until the client leaves; raises what the sending raises."""

        async def respond() -> None:
            responses.append(await self.run_get_response(request))
            await self.send_response(responses[0], send)

        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        responding = asyncio.create_task(respond(), context=receive.context)
        await asyncio.wait({leaving, responding}, return_when=asyncio.FIRST_COMPLETED)
        for task in (leaving, responding):
            task.cancel()
        left, responded = await asyncio.gather(leaving, responding, return_exceptions=True)
        for outcome in (left, responded):
            if outcome is not None and not isinstance(outcome, (RequestAborted, asyncio.CancelledError)):
                raise outcome

    async def read_body(self, receive: "_ReadRequest") -> BinaryIO:
        """What was read before the lease."""
        return receive.body

    async def send_response(self, response: HttpResponseBase, send: "_Outbox") -> None:
        """A stream at once, its iterator being the view's; anything else after the lease."""
        await super().send_response(response, send if response.streaming else send.hold)


class _ReadRequest:
    """A request whose body is here, and its one context; to receive from it is to wait for the client's leaving."""

    def __init__(self, body: BinaryIO, receive: Receive) -> None:
        self.body = body
        self.context = contextvars.copy_context()
        self._receive = receive
        self._receiving: asyncio.Future[dict[str, Any]] | None = None
        self._left = False

    async def __call__(self) -> dict[str, Any]:
        if not self._left:
            self._receiving = asyncio.ensure_future(self._receive())
            try:
                return await self._receiving
            except asyncio.CancelledError:
                if not self._left:
                    self._receiving.cancel()
                    raise
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Say that the client has left."""
        self._left = True
        if self._receiving is not None:
            self._receiving.cancel()


class _Outbox:
    """Messages to the client, at once or held until `flush`."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[dict[str, Any]] = []
        self._context = contextvars.copy_context()

    async def __call__(self, message: dict[str, Any]) -> None:
        await self._send(message)

    async def hold(self, message: dict[str, Any]) -> None:
        self._held.append(message)
        # Outer middleware must see what the view changed there.
        self._context = contextvars.copy_context()

    async def flush(self) -> None:
        if self._held:
            await asyncio.create_task(self._send_held(), context=self._context)

    async def _send_held(self) -> None:
        for message in self._held:
            await self._send(message)
