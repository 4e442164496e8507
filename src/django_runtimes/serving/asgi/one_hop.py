"""An ASGI handler for Django that takes one thread hop for a synchronous request, not fifteen."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.asgi.hint import Hint, hint_for
from django_runtimes.serving.asgi.native import NativeHandler
from django_runtimes.serving.asgi.patches import DJANGOS_WAY, PatchWatch
from django_runtimes.serving.asgi.streams.small_file import is_small_file
from django_runtimes.serving.asgi.streams.sync_stream import StreamChannel
from django_runtimes.serving.asgi.sync_chain import SyncChain, encoded_headers
from django_runtimes.serving.asgi.threads.abandoned import close_what_is_left
from django_runtimes.serving.asgi.threads.gate import Gate, OverloadedError
from django_runtimes.serving.asgi.threads.leases import Lease, ThreadLeases, can_share_threads, close_on_lease
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads, NotifyingExecutor
from django_runtimes.serving.current_request import Request, current_request, handlers_mark
from django_runtimes.serving.framing import has_content
from django_runtimes.serving.middleware.current_user import keep_auser_current
from django_runtimes.serving.middleware.middleware_modes import needs_asynchronous_chain
from django_runtimes.serving.types import Headers, Message, Receive, Send

_RETRY_AFTER_S = 1
# Asynchronous views mostly wait, so that more of them than of the others may run at once.
_NATIVE_REQUESTS_PER_THREAD = 8

# For the thread's end, which a cancelled request does not wait for.
_channel: ContextVar[StreamChannel] = ContextVar("channel")


class Answer(NamedTuple):
    """A response that needs no thread any more."""

    status: int
    headers: Headers
    body: bytes


def plain_refusal(request: HttpRequest) -> HttpResponse:
    """503 as plain text."""
    return HttpResponse(
        "Service Unavailable: too many requests wait for a thread\n",
        status=503,
        content_type="text/plain",
        headers={"Retry-After": str(_RETRY_AFTER_S)},
    )


class OneHopASGIHandler(ASGIHandler):
    """Django's ASGI handler with one hop for a synchronous request; docs/asgi-differences.md lists what differs.

    Django's own `__call__`, or what a tool has put in its place, hands each request to `handle`. A request whose path
    leads to an asynchronous view, and every request where some middleware has to run asynchronously, goes Django's own
    way. So does every request when a tool has patched methods of `ASGIHandler` that the one hop does without. Every
    other one is read, then served by the whole synchronous middleware chain on one of `threads` threads. Above them
    `max_waiting` requests wait for a thread, each for `max_wait_s` at most; beyond either `refuse` makes the answer, on
    the event loop: 503 with Retry-After. `max_streams` of the threads may be held by synchronous iterators, which are
    consumed where the view ran; a view that has streamed before waits for a place among the streams before it runs.
    `max_native` requests at once may go Django's own way, 8 for each thread unless set, and their line is longer by as
    much as they are more than the threads.
    """

    def __init__(
        self,
        *,
        threads: int,
        max_waiting: int | None = None,
        max_wait_s: float = 5.0,
        max_streams: int | None = None,
        max_native: int | None = None,
        stalled_s: float = 60.0,
        refuse: Callable[[HttpRequest], HttpResponse] = plain_refusal,
    ) -> None:
        # Not ASGIHandler's, which loads a middleware chain; ours are made by the first requests that need them.
        BaseHandler.__init__(self)
        if max_waiting is None:
            max_waiting = 2 * threads
        if max_streams is None:
            max_streams = max(1, threads // 2)
        if max_native is None:
            max_native = threads * _NATIVE_REQUESTS_PER_THREAD
        # A place for an asynchronous request is free sooner, as there are more of them: so may the line be longer.
        native_waiting = max_waiting * max(1, max_native // threads)
        self._gate, self._stream_gate, self._native_gate = (
            Gate(slots, max_waiting=waiting, max_wait_s=max_wait_s)
            for slots, waiting in ((threads, max_waiting), (max_streams, max_waiting), (max_native, native_waiting))
        )
        self._stalled_s = stalled_s
        # What views answered before: their next requests wait in the right line before anything has run.
        self._streaming_views: set[int | None] = set()
        self._async_streaming_views: set[int | None] = set()
        self._threads = LongLivedThreads(threads, name="django", serves_whole_requests=True)
        # asgiref declares a ThreadPoolExecutor, and only submits.
        executor: Any = NotifyingExecutor(self._threads.executor, on_submit=self._places_taken)
        self._in_thread = sync_to_async(self._respond, thread_sensitive=False, executor=executor)
        self.leases = ThreadLeases(keeping=threads, sharing=max_native)
        self.needs_asynchronous_chain = needs_asynchronous_chain()
        self.patches = PatchWatch(ASGIHandler)
        keep_auser_current()
        handlers_mark()
        self._refuse = refuse

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        request, outer = Request(), current_request.get()
        current_request.set(request)
        try:
            hint = hint_for(scope)
            if self._is_native_alone or hint.is_async or hint.view in self._async_streaming_views:
                await self._native.serve(scope, receive, send)
            else:
                await self._serve_in_one_hop(scope, receive, send, hint)
        except OverloadedError:
            await _send(self._refusal(scope), send)
        finally:
            request.end()
            # What stands around this handler may go on.
            current_request.set(outer)

    @property
    def bridged_async_views(self) -> int:
        """How many asynchronous views were met inside the synchronous chain so far."""
        return self._chain.bridged_async_views

    def close(self) -> None:
        """Let running requests finish, then end the threads with their connections."""
        self._threads.close()
        self.leases.close()

    @property
    def _is_native_alone(self) -> bool:
        patched = self.patches.patched
        return self.needs_asynchronous_chain or not DJANGOS_WAY.isdisjoint(patched)

    @cached_property
    def _streams_share(self) -> bool:
        return can_share_threads()

    @cached_property
    def _chain(self) -> SyncChain:
        chain = SyncChain(patches=self.patches)
        # A subclass may have its own.
        chain.request_class = self.request_class
        return chain

    @cached_property
    def _native(self) -> NativeHandler:
        native = NativeHandler(
            self.leases,
            gate=self._native_gate,
            stream_gate=self._stream_gate,
            stalled_s=self._stalled_s,
            patches=self.patches,
        )
        native.request_class = self.request_class
        return native

    def _refusal(self, scope: dict[str, Any]) -> Answer:
        # Only what a page's links need; no signal, no middleware.
        set_script_prefix(get_script_prefix(scope))
        request, bad_request = self._chain.create_request(scope, BytesIO())
        response = self._refuse(request) if bad_request is None else bad_request
        return Answer(response.status_code, encoded_headers(response), response.content)

    async def _serve_in_one_hop(self, scope: dict[str, Any], receive: Receive, send: Send, hint: Hint) -> None:
        try:
            body = await read_body(receive)
        except RequestAborted:
            return
        channel = StreamChannel(
            asyncio.get_running_loop(), receive, send, gate=self._stream_gate, stalled_s=self._stalled_s
        )
        try:
            if hint.view in self._streaming_views and scope["method"] != "HEAD":
                await channel.enter()
            await self._gate.enter()
        except BaseException:
            channel.leave()
            body.close()
            raise
        _channel.set(channel)
        try:
            answer = await self._in_thread(self._chain, scope, body, channel, hint)
        except asyncio.CancelledError:
            channel.abandon()
            raise
        if isinstance(answer, Answer):
            await _send(answer, send)
        elif answer is not None:
            await self._send_async_stream(answer, receive, send)

    def _places_taken(self) -> Callable[[], None]:
        channel = _channel.get()

        def leave() -> None:
            self._gate.leave()
            channel.leave()

        return leave

    def _respond(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | StreamingHttpResponse | None:
        """The one hop; returns what is left to send: an answer, an asynchronous stream, or nothing."""
        try:
            return self._respond_in_thread(chain, scope, body, channel, hint)
        finally:
            close_what_is_left()

    def _respond_in_thread(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | StreamingHttpResponse | None:
        response = chain.respond(scope, body)
        if isinstance(response, StreamingHttpResponse) and not is_small_file(response):
            if not has_content(scope["method"], response.status_code):
                response.close()
                return Answer(response.status_code, encoded_headers(response), b"")
            if response.is_async:
                if not self._streams_share and hint.view is not None:
                    self._async_streaming_views.add(hint.view)
                # Its chunks need no thread; until its end this one serves others, with this one's connection.
                return response
            if hint.view is not None:
                # Every path that leads nowhere before middleware would wait among the streams.
                self._streaming_views.add(hint.view)
            try:
                channel.stream(response)
            finally:
                response.close()
            return None
        try:
            content = response.getvalue() if response.streaming else response.content  # type: ignore[attr-defined]
            return Answer(response.status_code, encoded_headers(response), content)
        finally:
            response.close()

    async def _send_async_stream(self, response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
        if self._streams_share:
            async with self.leases.lease(shares=True) as lease:
                await self._send_until_the_client_leaves(response, receive, _resting(send, lease))
            return
        try:
            place = await self._native_gate.take_place()
        except BaseException:
            # Refused, or cancelled in the line. Closing may use the database, and nobody waits for it.
            self._threads.executor.submit(response.close)
            raise
        try:
            async with self.leases.lease():
                await self._send_until_the_client_leaves(response, receive, send)
        finally:
            place.leave()

    async def _send_until_the_client_leaves(
        self, response: StreamingHttpResponse, receive: Receive, send: Send
    ) -> None:
        sending = asyncio.create_task(self._chain.send_response(response, send))
        leaving = asyncio.create_task(self._chain.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, sending):
                task.cancel()
            outcomes = await asyncio.gather(sending, leaving, return_exceptions=True)
            await close_on_lease(response)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]


def _resting(send: Send, lease: Lease) -> Send:
    """The same, which holds nothing of the database's for a client that takes its time."""

    async def rest_and_send(message: Message) -> None:
        await lease.rest()
        await send(message)

    return rest_and_send


async def _send(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
