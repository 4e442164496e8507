"""Gets the response to a request from Django on the invoking thread, or from the application on one event loop."""

import asyncio
import contextlib
import contextvars
import logging
import math
from collections.abc import Coroutine
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.asgi.chains.lazy_chain import LazyChain
from django_runtimes.serving.asgi.chains.sync_chain import SyncChain, encoded_headers
from django_runtimes.serving.asgi.exits import is_exit_of_a_signal, run_through_exits
from django_runtimes.serving.asgi.hint import has_sync_views, hint_for
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.patches import PatchWatch
from django_runtimes.serving.asgi.threads.abandoned import close_leftovers, closing_new_connections
from django_runtimes.serving.aws_lambda.async_bridge import AsyncBridge
from django_runtimes.serving.aws_lambda.cycle import FramedHTTPCycle
from django_runtimes.serving.aws_lambda.environment_loop import EnvironmentLoop
from django_runtimes.serving.aws_lambda.replies import internal_error
from django_runtimes.serving.aws_lambda.streams.whole_body import whole_body
from django_runtimes.serving.composed import ComposedLifespan
from django_runtimes.serving.composed_requests import ComposedRequests
from django_runtimes.serving.types import Application, Response

if TYPE_CHECKING:
    from django_runtimes.serving.aws_lambda.streams.reply_stream import ReplyStream
    from django_runtimes.serving.aws_lambda.streams.stream_front import StreamingReplies

logger = logging.getLogger(__name__)


class DirectResponses:
    """Responds to the requests of one execution environment; `DirectLambdaHandler` describes the parameters."""

    def __init__(
        self,
        application: Application | None,
        asgi_handler: OneHopASGIHandler | None,
        *,
        is_composed: bool,
        streams: "StreamingReplies | None",
    ) -> None:
        self._streams = streams
        # An execution environment serves one request at a time. Lambda's timeout ends it if a constructor hangs.
        if asgi_handler is None:
            asgi_handler = OneHopASGIHandler(threads=1, max_chain_wait_s=math.inf, streams_share=False)
        self._asgi_handler = asgi_handler
        self._application = application or self._asgi_handler
        if self._application is not self._asgi_handler:
            self._application = ComposedRequests(self._application, self._asgi_handler)
        self._patches = self._asgi_handler.patches
        self._always_uses_asgi = (
            self._application is not self._asgi_handler or self._asgi_handler.needs_asynchronous_chain
        )
        self.loop = EnvironmentLoop()
        self._bridge = AsyncBridge(self.loop)
        self._chain = LazyChain(self._make_chain)
        # Importing a URLconf may query the database.
        with closing_new_connections():
            self._bridge.offer()
            try:
                self._make_chain_early()
            finally:
                self._bridge.withdraw()
        self._is_composed = is_composed
        self._lifespan: ComposedLifespan | None = None
        self.resume()

    @property
    def bridged_async_views(self) -> int:
        """The number of asynchronous views called inside the synchronous chain so far."""
        bridged_here = self._chain.made.bridged_async_views if self._chain.made else 0
        return bridged_here + self._asgi_handler.bridged_async_views

    def respond(self, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        """Return the response, which is empty if it has been sent to `stream`; call this in a context of its own."""
        if self._always_uses_asgi or hint_for(scope).is_async or self._patches.patched:
            return self._respond_through_asgi(scope, body, stream)
        try:
            return self._respond_directly(scope, body, stream)
        except BaseException as error:
            # The loop ends a stream that has begun with the error.
            if is_exit_of_a_signal(error) or (stream is not None and stream.has_begun):
                raise
            # Django has not answered, for example because a signal's receiver failed, so answer as Mangum does.
            logger.exception("an error outside the middleware chain")
            return internal_error()

    def rest(self) -> None:
        """End a composed application's lifespan, and close the event loop; the next event opens another one."""
        if self._lifespan is not None:
            self._run(self._lifespan.end())
            self._lifespan = None
        self.loop.rest()

    def resume(self) -> None:
        """Start a composed application; raise StartupFailedError if it cannot start."""
        if self._is_composed and self._lifespan is None:
            lifespan = ComposedLifespan(self._application)
            # An exit during startup ends the process before it serves anything.
            self.loop.run(lifespan.start())
            self._lifespan = lifespan

    def end_lifespan(self, longest_s: float) -> None:
        """Send a composed application its shutdown; callable from any thread while no event is served."""
        if self._lifespan is not None:
            with contextlib.suppress(TimeoutError):
                self._run(asyncio.wait_for(self._lifespan.end(), longest_s))

    def close(self) -> None:
        """Close the event loop, and stop the threads of the ASGI handler and the bridge."""
        self._asgi_handler.close()
        self._bridge.close()
        self.loop.close()

    def _make_chain_early(self) -> None:
        # Use a separate watch, so that the handler's own watch still checks at the first event.
        if self._always_uses_asgi or PatchWatch(ASGIHandler).patched:
            self._asgi_handler.make_chain_early()
        elif has_sync_views():
            self._chain.make_early()
        else:
            self._asgi_handler.make_native_early()

    def _make_chain(self) -> SyncChain:
        chain = SyncChain(run_async=self._bridge.run)
        chain.request_class = self._asgi_handler.request_class
        return chain

    def _respond_directly(self, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        # An earlier view may have left its loop, closed or not, as the current one of this thread.
        asyncio.set_event_loop(None)
        self._bridge.offer()
        try:
            return self._respond_in_chain(scope, body, stream)
        finally:
            self._bridge.withdraw()
            close_leftovers()

    def _respond_in_chain(self, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        chain = self._chain.made or self._chain.make()
        response: Any = chain.respond(scope, BytesIO(body))
        try:
            if stream and self._streams and self._streams.send(response, scope["method"], stream, self._bridge.run):
                return {}
            headers, body = encoded_headers(response), whole_body(response, scope["method"], self._bridge.run)
        finally:
            response.close()
        return {"status": response.status_code, "headers": headers, "body": body}

    def _respond_through_asgi(self, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        if self._lifespan is not None:
            scope["state"] = dict(self._lifespan.state)
        cycle = self._run(_cycle(self._application, scope, body, stream))
        if stream is not None and stream.has_begun:
            cycle.end_stream()
            return {}
        return {"status": cycle.status, "headers": cycle.headers, "body": cycle.body}

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # Without a copy, the task would use the thread's context, which lasts across invocations.
        loop = self.loop.get()
        return run_through_exits(loop, loop.create_task(coroutine, context=contextvars.copy_context()))


async def _cycle(application: Any, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> FramedHTTPCycle:
    cycle = FramedHTTPCycle(scope, body, stream)
    if stream is None:
        await cycle.run(application)
        return cycle
    running = asyncio.create_task(cycle.run(application))
    await asyncio.wait({running, cycle.given_up}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    return cycle
