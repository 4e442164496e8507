"""Django's own ASGI handler, with its synchronous parts on long-lived threads."""

import asyncio
import contextvars
from contextlib import suppress
from typing import Any, BinaryIO, cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.exits import async_without_exits, contained_exits, without_exits
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.late_transaction import make_late_atomic
from django_runtimes.serving.asgi.patches import PatchWatch
from django_runtimes.serving.asgi.streams.small_file import is_small_file
from django_runtimes.serving.asgi.streams.stalled_client import send_in_time
from django_runtimes.serving.asgi.streams.sync_chunks import chunk_by_chunk, no_chunks, one_chunk
from django_runtimes.serving.asgi.threads.abandoned import close_idle
from django_runtimes.serving.asgi.threads.gate import Gate, OverloadedError, Place
from django_runtimes.serving.asgi.threads.lease import Lease, close_on_lease
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from django_runtimes.serving.asgi.threads.thread_needs import can_share_threads
from django_runtimes.serving.current_request import begin_to_stream
from django_runtimes.serving.framing import has_content
from django_runtimes.serving.types import Message, Receive, Send


class NativeHandler(KnownLengthHandler):
    """Serves each request on a lease, which is not held while a slow client sends the body or reads the response.

    `gate` limits the number of views that run at once. With `streams_share`, if all database engines allow it, an
    asynchronous stream leaves the gate and shares its thread before its first chunk. A synchronous iterator keeps its
    thread and takes a place in `stream_gate`. `stalled_s` has the same meaning as in StreamChannel.
    """

    def __init__(
        self,
        leases: ThreadLeases,
        *,
        gate: Gate,
        stream_gate: Gate,
        stalled_s: float,
        streams_share: bool,
        patches: PatchWatch,
    ) -> None:
        super().__init__()
        self._leases = leases
        self._gate = gate
        self._stream_gate = stream_gate
        self._stalled_s = stalled_s
        self._streams_share = streams_share and can_share_threads()
        self._patches = patches

    @property  # type: ignore[misc]
    def __class__(self) -> type[ASGIHandler]:  # type: ignore[override]
        """Django's own class, so that its methods send signals with the sender that receivers are connected to."""
        return ASGIHandler

    async def serve_read(self, scope: dict[str, Any], body: BinaryIO, receive: Receive, send: Send) -> None:
        """Serve a request whose body has been read; raise OverloadedError if no place becomes free in time."""
        # The body is closed here too, since Django does not close the bodies of requests that do not reach it.
        with body:
            place = await self._gate.take_place()
            try:
                async with self._leases.lease() as lease:
                    request = _ReadRequest(body, receive)
                    outbox = _Outbox(send, lease, place, request, scope["method"])
                    await self._handle_to_its_end(scope, request, outbox)
            finally:
                place.leave()
        await outbox.flush()

    async def _handle_to_its_end(self, scope: dict[str, Any], request: "_ReadRequest", outbox: "_Outbox") -> None:
        handle = super().handle if "handle" in self._patches.seen else self.handle

        async def handle_contained() -> None:
            with contained_exits():
                await handle(scope, request, outbox)

        handling = asyncio.create_task(handle_contained(), context=request.context)
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            # Cancelling Django's handler would leave the view running. A disconnect ends the handler and the view.
            request.leave()
            await asyncio.wait([handling])
            raise

    # The parameter types are narrower because serve_read() passes these objects to Django's handler.
    async def handle(self, scope: dict[str, Any], receive: "_ReadRequest", send: "_Outbox") -> None:  # type: ignore[override]
        """Handle a request as Django does, but in one context.

        A context variable that the view or a receiver of `request_started` sets lasts until `request_finished`.
        Django runs the receivers, the view and the sending in separate contexts.
        """
        set_script_prefix(get_script_prefix(scope))
        # asend() would run the receivers in a copy of the context.
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
            # If a call is cancelled just as it ends, asgiref stops waiting for its thread, and the call's executor,
            # which accepts no more calls, remains in this context.
            async with send.lease.own_calls():
                if responses:
                    await close_on_lease(responses[0])
                else:
                    await sync_to_async(signals.request_finished.send)(sender=ASGIHandler)

    async def _respond_unless_left(
        self, request: HttpRequest, responses: list[HttpResponseBase], receive: "_ReadRequest", send: "_Outbox"
    ) -> None:
        """Append the response and send it until the client disconnects; raise any error of the view or of sending."""

        async def respond() -> None:
            with contained_exits():
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

    def make_view_atomic(self, view: Any) -> Any:
        """Wrap the view as Django does, and contain its exits."""
        atomic = make_late_atomic(super().make_view_atomic, view)
        return async_without_exits(atomic) if iscoroutinefunction(atomic) else without_exits(atomic)

    async def read_body(self, receive: "_ReadRequest") -> BinaryIO:  # type: ignore[override]
        """Return the body, which was read before the lease began."""
        return receive.body

    async def send_response(self, response: HttpResponseBase, send: "_Outbox") -> None:  # type: ignore[override]
        """Send a stream now, since its iterator needs the lease; hold anything else until the lease ends."""
        deliver = send.hold
        if response.streaming:
            streaming = cast("StreamingHttpResponse", response)
            if is_small_file(streaming):
                streaming.streaming_content = one_chunk(await sync_to_async(b"".join)(streaming))
            elif not has_content(send.method, streaming.status_code):
                streaming.streaming_content = no_chunks()
            else:
                deliver = send
                await self._begin_stream(streaming, send)
        await super().send_response(response, deliver)

    async def _begin_stream(self, response: StreamingHttpResponse, outbox: "_Outbox") -> None:
        if not self._streams_share:
            outbox.begin_alone()
        if not response.is_async:
            await outbox.begin_sync_stream(self._stream_gate, self._stalled_s)
            response.streaming_content = chunk_by_chunk(iter(response))
            return
        begin_to_stream()
        if self._streams_share:
            await outbox.begin_stream(self._stalled_s)


class _ReadRequest:
    """A request whose body has been read, with its context; receiving from it waits for the client to disconnect."""

    def __init__(self, body: BinaryIO, receive: Receive) -> None:
        self.body = body
        self.context = contextvars.copy_context()
        self._receive = receive
        self._receiving: asyncio.Future[Message] | None = None
        self.has_left = False

    async def __call__(self) -> Message:
        if not self.has_left:
            self._receiving = asyncio.ensure_future(self._receive())
            try:
                message = await self._receiving
            except asyncio.CancelledError:
                if not self.has_left:
                    self._receiving.cancel()
                    raise
            else:
                self.has_left = message["type"] == "http.disconnect"
                return message
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Treat the client as disconnected."""
        self.has_left = True
        if self._receiving is not None:
            self._receiving.cancel()


class _Outbox:
    """Sends messages to the client at once, or holds them until `flush()`."""

    def __init__(self, send: Send, lease: Lease, place: Place, request: _ReadRequest, method: str) -> None:
        self.method = method
        self._request = request
        self._send = send
        # A client has this many seconds to take a part of a stream that holds a thread.
        self._stalled_s: float | None = None
        self.lease = lease
        self._place = place
        self._shares = False
        self._is_alone = False
        self._held: list[Message] = []
        self._context = contextvars.copy_context()

    async def begin_stream(self, stalled_s: float) -> None:
        """Leave the gate and share the thread, so that the stream holds a thread only while a chunk needs it.

        Raise OverloadedError if the view has left a cursor open, and the pool has no place for its connection.
        """
        self._shares = True
        self._stalled_s = stalled_s
        self.lease.share()
        try:
            await self.lease.rest()
        except DatabaseError as error:
            raise OverloadedError(str(error)) from error
        self._place.leave()

    def begin_alone(self) -> None:
        """Keep the thread, which no other request needs; close its unused connections before each message."""
        self._is_alone = True

    async def begin_sync_stream(self, gate: Gate, stalled_s: float) -> None:
        """Keep the thread, and take a place in `gate`; raise OverloadedError if none becomes free in time."""
        self._place.leave()
        place = await gate.take_place()
        loop = asyncio.get_running_loop()

        def leave() -> None:
            # If the loop is closed, no request waits for the place.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(place.leave)

        # A disconnect ends the request, but the thread still finishes its current chunk.
        self.lease.when_free(leave)
        self._stalled_s = stalled_s

    async def __call__(self, message: Message) -> None:
        if self._shares:
            # A slow client must not hold a database connection.
            await self.lease.rest()
        elif self._is_alone:
            await asyncio.wrap_future(self.lease.submit(close_idle))
        if self._stalled_s is None or (self._shares and not self.lease.has_thread):
            await self._send(message)
            return
        if self._request.has_left:
            # asgiref loses a cancellation that arrives while a call on a thread is ending.
            raise asyncio.CancelledError
        await send_in_time(self._send, message, self._stalled_s)

    async def hold(self, message: Message) -> None:
        self._held.append(message)
        # Outer middleware must see the view's changes to the context.
        self._context = contextvars.copy_context()

    async def flush(self) -> None:
        if self._held:
            await asyncio.create_task(self._send_held(), context=self._context)

    async def _send_held(self) -> None:
        for message in self._held:
            await self._send(message)
