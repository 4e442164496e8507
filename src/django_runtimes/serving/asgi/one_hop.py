"""An ASGI handler for Django that serves a synchronous request in one thread hop instead of fifteen."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from contextvars import ContextVar
from io import BytesIO
from typing import Any, BinaryIO

from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.answer import Answer
from django_runtimes.serving.asgi.body import read_body
from django_runtimes.serving.asgi.bridged_views import BridgedViews
from django_runtimes.serving.asgi.chains.awaited_chain import AwaitedChain
from django_runtimes.serving.asgi.chains.sync_chain import SyncChain, encoded_headers
from django_runtimes.serving.asgi.exits import contained_exits
from django_runtimes.serving.asgi.hint import Hint, hint_for
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.native import NativeHandler
from django_runtimes.serving.asgi.patches import NATIVE_METHODS, PatchWatch
from django_runtimes.serving.asgi.plain_refusal import plain_refusal
from django_runtimes.serving.asgi.request_resources import RequestResources
from django_runtimes.serving.asgi.responder import Responder
from django_runtimes.serving.asgi.scope_request import ScopeRequest
from django_runtimes.serving.asgi.streams.async_stream import AsyncStream, resting, send_until_the_client_leaves
from django_runtimes.serving.asgi.streams.sync_stream import ClientLeftError, StreamChannel
from django_runtimes.serving.asgi.threads.gate import Gate, OverloadedError
from django_runtimes.serving.asgi.threads.initialized_connections import quicken_connections
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from django_runtimes.serving.asgi.threads.threads import HopExecutor, LongLivedThreads
from django_runtimes.serving.current_request import (
    Request,
    begin_to_stream,
    current_request,
    stop_setting_by_signal,
)
from django_runtimes.serving.middleware.current_user import keep_auser_current
from django_runtimes.serving.middleware.middleware_modes import needs_asynchronous_chain
from django_runtimes.serving.types import Receive, Send

# Asynchronous views mostly wait, so more of them may run at once than synchronous ones.
_NATIVE_REQUESTS_PER_THREAD = 8

_resources: ContextVar[RequestResources] = ContextVar("resources")


class OneHopASGIHandler(KnownLengthHandler):
    """Django's ASGI handler with one thread hop for a synchronous request.

    docs/asgi-differences.md lists every difference from Django's handler.

    Django's own `__call__`, or a tool's replacement for it, passes each request to `handle`. A request takes Django's
    native path if its URL resolves to an asynchronous view. Every request takes the native path if some middleware must
    run asynchronously, or if a tool has patched methods of `ASGIHandler` that the one hop skips.

    For any other request the handler reads the body, then runs the whole synchronous middleware chain on one of
    `threads` threads. When all of them are busy, up to `max_waiting` requests wait, each for at most `max_wait_s`
    seconds. Beyond these limits `refuse` creates the response on the event loop: 503 with Retry-After. While a
    middleware chain is built, the requests that could run wait too, and each waits for at most `max_chain_wait_s`
    seconds, by default `max_wait_s`.

    Synchronous iterators run on their view's thread, and may hold `max_streams` of the threads. A view that has
    streamed before waits for a place among the streams before it runs. `max_native` requests, by default 8 for each
    thread, may take the native path at once, and their queue is longer in proportion. Without `streams_share` an
    asynchronous stream keeps its thread to the end. That suits a process that serves one request at a time, in which
    a persistent connection stays with the thread.
    """

    def __init__(
        self,
        *,
        threads: int,
        max_waiting: int | None = None,
        max_wait_s: float = 5.0,
        max_chain_wait_s: float | None = None,
        max_streams: int | None = None,
        max_native: int | None = None,
        stalled_s: float = 60.0,
        streams_share: bool = True,
        refuse: Callable[[HttpRequest], HttpResponse] = plain_refusal,
    ) -> None:
        # ASGIHandler.__init__() would load a middleware chain.
        BaseHandler.__init__(self)
        if self.request_class is ASGIRequest:
            self.request_class = ScopeRequest
        if max_waiting is None:
            max_waiting = 2 * threads
        if max_streams is None:
            max_streams = max(1, threads // 2)
        if max_native is None:
            max_native = threads * _NATIVE_REQUESTS_PER_THREAD
        # The more native places there are, the sooner one becomes free, so their queue may be longer.
        native_waiting = max_waiting * max(1, max_native // threads)
        self._gate, self._stream_gate, self._native_gate = (
            Gate(slots, max_waiting=waiting, max_wait_s=max_wait_s)
            for slots, waiting in ((threads, max_waiting), (max_streams, max_waiting), (max_native, native_waiting))
        )
        self._stalled_s = stalled_s
        self.may_share = streams_share
        self._bridged = BridgedViews()
        self._threads = LongLivedThreads(threads, name="django", serves_whole_requests=True)
        self._responder = Responder(self._threads, may_share=streams_share)
        # These are the responder's sets; holding them here saves a lookup per request.
        self._streaming_views = self._responder.streaming_views
        self._async_streaming_views = self._responder.async_streaming_views
        # asgiref's annotation demands a ThreadPoolExecutor, but asgiref only calls submit().
        executor: Any = HopExecutor(self._threads.executor, on_submit=_note_call)
        self._in_thread = sync_to_async(self._responder.respond, thread_sensitive=False, executor=executor)
        self.leases = ThreadLeases(keeping=threads, sharing=max_native)
        self.needs_asynchronous_chain = needs_asynchronous_chain()
        self.patches = PatchWatch(ASGIHandler)
        keep_auser_current()
        stop_setting_by_signal()
        quicken_connections()
        self._refuse = refuse
        if max_chain_wait_s is None:
            max_chain_wait_s = max_wait_s
        # Once a chain is built, every request that waited for it gets a place in the gate or may wait for one.
        self._sync_chain = AwaitedChain(
            self._make_sync_chain, max_waiting=threads + max_waiting, max_wait_s=max_chain_wait_s
        )
        self._native = AwaitedChain(
            self._make_native, max_waiting=max_native + native_waiting, max_wait_s=max_chain_wait_s
        )

    def make_chain_early(self) -> None:
        """Build, before the first request, the chain that most requests need; the other is built on first use."""
        # Use a separate watch, so that the handler's own watch still checks at the first request.
        is_native_alone = self.needs_asynchronous_chain or not NATIVE_METHODS.isdisjoint(
            PatchWatch(ASGIHandler).patched
        )
        if is_native_alone:
            self.make_native_early()
        else:
            self._sync_chain.make_early()

    def make_native_early(self) -> None:
        """Build the chain of asynchronous views before the first request."""
        self._native.make_early()

    def check_chains(self) -> None:
        """Raise MiddlewareOverdueError if a chain takes longer than requests wait; callable from any thread."""
        self._sync_chain.check_overdue()
        self._native.check_overdue()

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
            # An application around this handler may continue after the request.
            current_request.set(outer)

    @property
    def bridged_async_views(self) -> int:
        """The number of calls of asynchronous views inside the synchronous chain so far."""
        return self._bridged.count

    def close(self) -> None:
        """Let running requests finish, then end the threads with their connections."""
        self._threads.close()
        self.leases.close()

    def refusal(self, scope: dict[str, Any]) -> Answer:
        """Return the response to a request that gets no place or thread in time."""
        # Set the script prefix for links in the page. No signals are sent and no middleware runs.
        set_script_prefix(get_script_prefix(scope))
        request, bad_request = self.create_request(scope, BytesIO())
        response = self._refuse(request) if bad_request is None else bad_request
        return Answer(response.status_code, encoded_headers(response), response.content)

    @property
    def _is_native_alone(self) -> bool:
        patched = self.patches.patched
        return self.needs_asynchronous_chain or not NATIVE_METHODS.isdisjoint(patched)

    def _make_sync_chain(self) -> SyncChain:
        chain = SyncChain(run_async=_run_until_the_client_leaves, patches=self.patches, bridged=self._bridged)
        # A subclass of this handler may have its own request class.
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
            or self._bridged.may_match(scope)
        ):
            await self._serve_natively(scope, receive, send)
            return
        try:
            body = await read_body(receive)
        except RequestAborted:
            return
        resources = RequestResources(body)
        try:
            # The body is read first, so that slow uploads do not count among the requests that wait.
            chain = self._sync_chain.made or await self._sync_chain.wait()
            resources.channel = channel = StreamChannel(
                asyncio.get_running_loop(), receive, send, gate=self._stream_gate, stalled_s=self._stalled_s
            )
            if await self._is_admitted(scope, hint, channel, resources):
                _resources.set(resources)
                await self._serve_in_one_hop(chain, scope, hint, resources)
            else:
                resources.leave_places()
                native = self._native.made or await self._native.wait()
                await native.serve_read(scope, body, receive, send)
        finally:
            if resources.call is None:
                resources.release()

    async def _serve_natively(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            # If a tool has patched Django's method, the patched method runs.
            read: Any = super().read_body if "read_body" in self.patches.seen else read_body
            body: BinaryIO = await read(receive)
        except RequestAborted:
            return
        try:
            native = self._native.made or await self._native.wait()
        except BaseException:
            body.close()
            raise
        await native.serve_read(scope, body, receive, send)

    async def _is_admitted(
        self, scope: dict[str, Any], hint: Hint, channel: StreamChannel, resources: RequestResources
    ) -> bool:
        """Take the places for a synchronous view; return False if the view turns out to be asynchronous."""
        try:
            if hint.view in self._streaming_views and scope["method"] != "HEAD":
                await channel.enter()
            resources.place = await self._gate.take_place()
        except OverloadedError:
            if not self._bridged.may_match(scope):
                raise
            return False
        return not self._bridged.may_match(scope)

    async def _serve_in_one_hop(
        self, chain: SyncChain, scope: dict[str, Any], hint: Hint, resources: RequestResources
    ) -> None:
        channel = resources.channel
        try:
            answer = await self._in_thread(chain, scope, resources.body, channel, hint)
        except ClientLeftError:
            return
        except asyncio.CancelledError:
            channel.abandon()
            raise
        finally:
            # Release the resources before sending the answer, because the client may be slow.
            resources.release()
        if isinstance(answer, Answer):
            await answer.send(channel.send)
        elif answer is not None:
            await self._send_async_stream(chain, answer, channel.receive, channel.send)

    async def _send_async_stream(self, chain: SyncChain, stream: AsyncStream, receive: Receive, send: Send) -> None:
        begin_to_stream()
        async with AsyncExitStack() as resources:
            try:
                if self._responder.streams_share:
                    lease = await resources.enter_async_context(
                        self.leases.lease(shares=True, wrappers=stream.wrappers)
                    )
                    send = resting(send, lease, self._stalled_s)
                else:
                    place = await self._native_gate.take_place()
                    resources.callback(place.leave)
                    await resources.enter_async_context(self.leases.lease(wrappers=stream.wrappers))
            except BaseException:
                # The request was rejected, or cancelled in the queue. Closing its response may use the database, so it
                # runs on a thread.
                self._threads.executor.submit(stream.wrappers.run, stream.response.close, self._threads)
                raise
            await send_until_the_client_leaves(chain, stream.response, receive, send)


def _note_call(call: "Future[Any]") -> None:
    _resources.get().call = call


def _run_until_the_client_leaves(view: Coroutine[Any, Any, Any]) -> Any:
    """Run an asynchronous view that was called on a request's thread, and return its result."""
    return async_to_sync(_resources.get().channel.until_left)(view)
