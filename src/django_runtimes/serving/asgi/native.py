"""Django's own ASGI handler, its synchronous parts on threads that live on."""

import asyncio
import contextvars
from typing import Any, BinaryIO

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpRequest, HttpResponseBase
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.asgi.gate import Gate, Place
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.leases import Lease, ThreadLeases, can_share_threads
from django_runtimes.serving.asgi.patches import PatchWatch
from django_runtimes.serving.types import Message, Receive, Send


class NativeHandler(KnownLengthHandler):
    """Serves each request on a lease, which slow clients do not hold: neither while the body comes in nor while the
    response goes out. `gate` bounds how many views run at once; a stream has left it, and shares its thread, before
    its first chunk."""

    def __init__(self, leases: ThreadLeases, *, gate: Gate, patches: PatchWatch) -> None:
        super().__init__()
        self._leases = leases
        self._gate = gate
        self._streams_share = can_share_threads()
        self._patches = patches

    @property  # type: ignore[misc]
    def __class__(self) -> type[ASGIHandler]:  # type: ignore[override]
        """Django's own class, which its methods send as the signals' sender: a receiver may have named it."""
        return ASGIHandler

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request; OverloadedError when the gate has no place for it in time."""
        try:
            # A tool's, where one has patched Django's.
            read: Any = super().read_body if "read_body" in self._patches.seen else read_body
            body: BinaryIO = await read(receive)
        except RequestAborted:
            return
        # Django closes the body too, where it gets that far: one that is refused does not.
        with body:
            place = await self._gate.take_place()
            try:
                async with self._leases.lease() as lease:
                    outbox = _Outbox(send, lease, place)
                    await self._handle_to_its_end(scope, _ReadRequest(body, receive), outbox)
            finally:
                place.leave()
        await outbox.flush()

    async def _handle_to_its_end(self, scope: dict[str, Any], request: "_ReadRequest", outbox: "_Outbox") -> None:
        handle = super().handle if "handle" in self._patches.seen else self.handle
        handling = asyncio.create_task(handle(scope, request, outbox), context=request.context)
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            # Cancelled itself, Django's handler leaves the view running; its client's leaving ends both.
            request.leave()
            await asyncio.wait([handling])
            raise

    # Only serve() calls this, and Django's handler with what it was given here.
    async def handle(self, scope: dict[str, Any], receive: "_ReadRequest", send: "_Outbox") -> None:  # type: ignore[override]
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

    async def read_body(self, receive: "_ReadRequest") -> BinaryIO:  # type: ignore[override]
        """What was read before the lease."""
        return receive.body

    async def send_response(self, response: HttpResponseBase, send: "_Outbox") -> None:  # type: ignore[override]
        """A stream at once, its iterator being the view's; anything else after the lease."""
        if response.streaming and self._streams_share:
            await send.begin_stream()
        await super().send_response(response, send if response.streaming else send.hold)


class _ReadRequest:
    """A request whose body is here, and its one context; to receive from it is to wait for the client's leaving."""

    def __init__(self, body: BinaryIO, receive: Receive) -> None:
        self.body = body
        self.context = contextvars.copy_context()
        self._receive = receive
        self._receiving: asyncio.Future[Message] | None = None
        self._left = False

    async def __call__(self) -> Message:
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

    def __init__(self, send: Send, lease: Lease, place: Place) -> None:
        self._send = send
        self._lease = lease
        self._place = place
        self._shares = False
        self._held: list[Message] = []
        self._context = contextvars.copy_context()

    async def begin_stream(self) -> None:
        """Hold nothing for as long as the stream lasts but what a chunk needs."""
        self._shares = True
        self._lease.share()
        await self._lease.rest()
        self._place.leave()

    async def __call__(self, message: Message) -> None:
        if self._shares:
            # A client may take its time.
            await self._lease.rest()
        await self._send(message)

    async def hold(self, message: Message) -> None:
        self._held.append(message)
        # Outer middleware must see what the view changed there.
        self._context = contextvars.copy_context()

    async def flush(self) -> None:
        if self._held:
            await asyncio.create_task(self._send_held(), context=self._context)

    async def _send_held(self) -> None:
        for message in self._held:
            await self._send(message)
