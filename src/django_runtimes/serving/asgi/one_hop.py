"""An ASGI handler for Django that takes one thread hop for a synchronous request, not fifteen."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from contextvars import ContextVar
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO

from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.answer import Answer
from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.asgi.bridged_views import BridgedViews
from django_runtimes.serving.asgi.exits import contained_exits
from django_runtimes.serving.asgi.hint import Hint, hint_for
from django_runtimes.serving.asgi.holding import Holding
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.late_chain import LateChain
from django_runtimes.serving.asgi.native import NativeHandler
from django_runtimes.serving.asgi.patches import DJANGOS_WAY, PatchWatch
from django_runtimes.serving.asgi.streams.async_stream import AsyncStream, resting, send_until_the_client_leaves
from django_runtimes.serving.asgi.streams.small_file import is_small_file
from django_runtimes.serving.asgi.streams.sync_stream import ClientLeftError, StreamChannel
from django_runtimes.serving.asgi.sync_chain import SyncChain, encoded_headers
from django_runtimes.serving.asgi.threads.abandoned import close_what_is_left
from django_runtimes.serving.asgi.threads.gate import Gate, OverloadedError
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from django_runtimes.serving.asgi.threads.request_wrappers import wrappers_of_request
from django_runtimes.serving.asgi.threads.thread_needs import can_share_threads
from django_runtimes.serving.asgi.threads.threads import HopExecutor, LongLivedThreads
from django_runtimes.serving.current_request import Request, current_request, stop_setting_by_signal
from django_runtimes.serving.framing import has_content
from django_runtimes.serving.middleware.current_user import keep_auser_current
from django_runtimes.serving.middleware.middleware_modes import needs_asynchronous_chain
from django_runtimes.serving.types import Receive, Send

_RETRY_AFTER_S = 1
# Asynchronous views mostly wait, so that more of them than of the others may run at once.
_NATIVE_REQUESTS_PER_THREAD = 8

_held: ContextVar[Holding] = ContextVar("held")


def plain_refusal(request: HttpRequest) -> HttpResponse:
    """503 as plain text."""
    return HttpResponse(
        "Service Unavailable: too many requests wait for a thread\n",
        status=503,
        content_type="text/plain",
        headers={"Retry-After": str(_RETRY_AFTER_S)},
    )


class OneHopASGIHandler(KnownLengthHandler):
    """Django's ASGI handler with one hop for a synchronous request; docs/asgi-differences.md lists what differs.

    Django's own `__call__`, or what a tool has put in its place, hands each request to `handle`. A request whose path
    leads to an asynchronous view, and every request where some middleware has to run asynchronously, goes Django's own
    way. So does every request when a tool has patched methods of `ASGIHandler` that the one hop does without. Every
    other one is read, then served by the whole synchronous middleware chain on one of `threads` threads. Above them
    `max_waiting` requests wait for a thread, each for `max_wait_s` at most; beyond either `refuse` makes the answer, on
    the event loop: 503 with Retry-After. `max_streams` of the threads may be held by synchronous iterators, which are
    consumed where the view ran; a view that has streamed before waits for a place among the streams before it runs.
    `max_native` requests at once may go Django's own way, 8 for each thread unless set, and their line is longer by as
    much as they are more than the threads. Without `streams_share` an asynchronous stream keeps its thread to its end,
    for a process that serves one request at a time: a persistent connection stays with that thread.
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
        streams_share: bool = True,
        refuse: Callable[[HttpRequest], HttpResponse] = plain_refusal,
    ) -> None:
        # Not ASGIHandler's, which loads a middleware chain.
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
        self.may_share = streams_share
        # What views answered before: their next requests wait in the right line before anything has run.
        self._streaming_views: set[int | None] = set()
        self._async_streaming_views: set[int | None] = set()
        self._bridged = BridgedViews()
        self._threads = LongLivedThreads(threads, name="django", serves_whole_requests=True)
        # asgiref declares a ThreadPoolExecutor, and only submits.
        executor: Any = HopExecutor(self._threads.executor, on_submit=_hold_call)
        self._in_thread = sync_to_async(self._respond, thread_sensitive=False, executor=executor)
        self.leases = ThreadLeases(keeping=threads, sharing=max_native)
        self.needs_asynchronous_chain = needs_asynchronous_chain()
        self.patches = PatchWatch(ASGIHandler)
        keep_auser_current()
        stop_setting_by_signal()
        self._refuse = refuse
        self._sync_chain = LateChain(self._make_sync_chain)
        self._native = LateChain(self._make_native)

    def make_chain_early(self) -> None:
        """Make the chain that most requests need, before the first of them; the other waits for its first request."""
        # A watch of its own: the next look of the handler's is then the first request's.
        is_native_alone = self.needs_asynchronous_chain or not DJANGOS_WAY.isdisjoint(PatchWatch(ASGIHandler).patched)
        if is_native_alone:
            self.make_native_early()
        else:
            self._sync_chain.make_early()

    def make_native_early(self) -> None:
        """Make the chain of asynchronous views before the first request."""
        self._native.make_early()

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        request, outer = Request(), current_request.get()
        current_request.set(request)
        try:
            with contained_exits():
                await self._serve(scope, receive, send)
        except OverloadedError:
            await self.refusal(scope).send(send)
        finally:
            request.end()
            # What stands around this handler may go on.
            current_request.set(outer)

    @property
    def bridged_async_views(self) -> int:
        """How many asynchronous views were met inside the synchronous chain so far."""
        return self._bridged.count

    def close(self) -> None:
        """Let running requests finish, then end the threads with their connections."""
        self._threads.close()
        self.leases.close()

    def refusal(self, scope: dict[str, Any]) -> Answer:
        """The answer to a request that finds no place or thread in time."""
        # Only what a page's links need; no signal, no middleware.
        set_script_prefix(get_script_prefix(scope))
        request, bad_request = self.create_request(scope, BytesIO())
        response = self._refuse(request) if bad_request is None else bad_request
        return Answer(response.status_code, encoded_headers(response), response.content)

    @property
    def _is_native_alone(self) -> bool:
        patched = self.patches.patched
        return self.needs_asynchronous_chain or not DJANGOS_WAY.isdisjoint(patched)

    @cached_property
    def _streams_share(self) -> bool:
        return self.may_share and can_share_threads()

    def _make_sync_chain(self) -> SyncChain:
        chain = SyncChain(run_async=_run_until_the_client_leaves, patches=self.patches, bridged=self._bridged)
        # A subclass may have its own.
        chain.request_class = self.request_class
        return chain

    def _make_native(self) -> NativeHandler:
        native = NativeHandler(
            self.leases,
            gate=self._native_gate,
            stream_gate=self._stream_gate,
            stalled_s=self._stalled_s,
            streams_share=self.may_share,
            patches=self.patches,
        )
        native.request_class = self.request_class
        return native

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        hint = hint_for(scope)
        if (
            self._is_native_alone
            or hint.is_async
            or hint.view in self._async_streaming_views
            or self._bridged.are_found_by(scope)
        ):
            native = self._native.made or await self._native.wait()
            await native.serve(scope, receive, send)
            return
        chain = self._sync_chain.made or await self._sync_chain.wait()
        try:
            body = await read_body(receive)
        except RequestAborted:
            return
        held = Holding(body)
        try:
            held.channel = channel = StreamChannel(
                asyncio.get_running_loop(), receive, send, gate=self._stream_gate, stalled_s=self._stalled_s
            )
            if await self._is_admitted(scope, hint, channel, held):
                _held.set(held)
                await self._serve_in_one_hop(chain, scope, hint, held)
            else:
                held.leave_places()
                native = self._native.made or await self._native.wait()
                await native.serve_read(scope, body, receive, send)
        finally:
            if held.call is None:
                held.settle()

    async def _is_admitted(self, scope: dict[str, Any], hint: Hint, channel: StreamChannel, held: Holding) -> bool:
        """Take the places for a synchronous view; False for what has proved to need none in the line."""
        try:
            if hint.view in self._streaming_views and scope["method"] != "HEAD":
                await channel.enter()
            held.place = await self._gate.take_place()
        except OverloadedError:
            if not self._bridged.are_found_by(scope):
                raise
            return False
        return not self._bridged.are_found_by(scope)

    async def _serve_in_one_hop(self, chain: SyncChain, scope: dict[str, Any], hint: Hint, held: Holding) -> None:
        channel = held.channel
        try:
            answer = await self._in_thread(chain, scope, held.body, channel, hint)
        except ClientLeftError:
            return
        except asyncio.CancelledError:
            channel.abandon()
            raise
        finally:
            # Before the answer is sent, which may take its client a while.
            held.settle()
        if isinstance(answer, Answer):
            await answer.send(channel.send)
        elif answer is not None:
            await self._send_async_stream(chain, answer, channel.receive, channel.send)

    def _respond(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | AsyncStream | None:
        """The one hop; returns what is left to send: an answer, an asynchronous stream, or nothing."""
        answer = None
        try:
            answer = self._respond_in_thread(chain, scope, body, channel, hint)
            close_what_is_left()
            if isinstance(answer, StreamingHttpResponse):
                # Its chunks need no thread; until its end this one serves others.
                return AsyncStream(answer, wrappers_of_request(self._threads))
        except BaseException:
            if isinstance(answer, StreamingHttpResponse):
                answer.close()
            else:
                close_what_is_left()
            raise
        return answer

    def _respond_in_thread(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | StreamingHttpResponse | None:
        response = chain.respond(scope, body)
        is_left = False
        try:
            if not isinstance(response, StreamingHttpResponse) or is_small_file(response):
                content = response.getvalue() if response.streaming else response.content  # type: ignore[attr-defined]
                return Answer(response.status_code, encoded_headers(response), content)
            if not has_content(scope["method"], response.status_code):
                return Answer(response.status_code, encoded_headers(response), b"")
            if not response.is_async:
                if hint.view is not None:
                    # Every path that leads nowhere before middleware would wait among the streams.
                    self._streaming_views.add(hint.view)
                channel.stream(response)
                return None
            if not self._streams_share and hint.view is not None:
                self._async_streaming_views.add(hint.view)
            # Nobody takes what this thread returns for a client that has left.
            is_left = not channel.has_left
            return response if is_left else None
        finally:
            if not is_left:
                response.close()

    async def _send_async_stream(self, chain: SyncChain, stream: AsyncStream, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as held:
            try:
                if self._streams_share:
                    lease = await held.enter_async_context(self.leases.lease(shares=True, wrappers=stream.wrappers))
                    send = resting(send, lease)
                else:
                    place = await self._native_gate.take_place()
                    held.callback(place.leave)
                    await held.enter_async_context(self.leases.lease(wrappers=stream.wrappers))
            except BaseException:
                # Refused, or cancelled in the line. Closing may use the database, and nobody waits for it.
                self._threads.executor.submit(stream.wrappers.run, stream.response.close, self._threads)
                raise
            await send_until_the_client_leaves(chain, stream.response, receive, send)


def _hold_call(call: "Future[Any]") -> None:
    _held.get().call = call


def _run_until_the_client_leaves(view: Coroutine[Any, Any, Any]) -> Any:
    """What an asynchronous view returns that was called on a request's thread."""
    return async_to_sync(_held.get().channel.until_left)(view)
