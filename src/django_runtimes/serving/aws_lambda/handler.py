"""A Lambda handler that serves synchronous views on the invoking thread, without an event loop."""

import asyncio
import contextlib
import contextvars
import json
import logging
import math
from collections.abc import Callable, Coroutine
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
from django_runtimes.serving.aws_lambda.event_requests import EventRequests
from django_runtimes.serving.aws_lambda.events import PARSE_ERRORS, BodyTooLargeError
from django_runtimes.serving.aws_lambda.replies import (
    MAX_EXPANSION,
    ReplyLimits,
    framed_response,
    internal_error,
    refusal,
    text_headers,
)
from django_runtimes.serving.aws_lambda.streams.whole_body import whole_body
from django_runtimes.serving.base_path import HEALTH_PATHS, path_below
from django_runtimes.serving.composed import ComposedLifespan
from django_runtimes.serving.composed_requests import ComposedRequests
from django_runtimes.serving.current_request import Request, current_request
from django_runtimes.serving.forwarded import ProxyHeaders
from django_runtimes.serving.measured import Reporter, with_report
from django_runtimes.serving.observed import Observation, Observer, current_observation
from django_runtimes.serving.types import Application, Response

if TYPE_CHECKING:
    from django_runtimes.serving.aws_lambda.streams.reply_stream import ReplyStream
    from django_runtimes.serving.aws_lambda.streams.stream_front import StreamingReplies

logger = logging.getLogger(__name__)


_LAMBDA_QUOTA_BYTES = 6 * 2**20
# The event that the template's schedule sends.
_WARM_UP = {"warm_up": True}


class DirectLambdaHandler:
    """Serves Lambda events with Django directly; Mangum parses each event and builds each reply.

    Requests for asynchronous views, and all requests if some middleware must run asynchronously, go through
    `application` on one event loop that lives as long as the process. So do all requests when a tool wraps
    `application` around `asgi_handler`, or has patched a method of Django's handler that the direct path skips. Each
    invocation has its own context, so that nothing it activates reaches the next one.

    With `answers_warm_up`, the handler itself answers the event `{"warm_up": true}`. `answer_health` may answer a
    request by path and method before Django sees it, or return None. A body larger than `max_body_bytes` gets a 413,
    and so does a body that takes more than `max_event_body_bytes` in the event, where it may be base64. A reply for
    which `encode` returns more than `max_reply_bytes` is logged and becomes a 500: Lambda would drop it, and the front
    would answer 502.

    With `is_composed`, `application` contains other applications beside Django's. It gets the lifespan protocol's
    startup event here, and its shutdown event from `end_lifespan()`. Raise StartupFailedError if it cannot start.
    `proxy_headers` are trusted, since only the front can send events. `base_path` is the path at which users find the
    application, and `base_path_is_stripped` declares that the front removes it. `reporter` adds headers to responses.
    `observer` follows each request except health checks. `before_request` and `before_freeze` are called at the
    beginning and at the end of each request. With `streams`, streaming responses leave chunk by chunk through the front
    that it names.
    """

    def __init__(
        self,
        application: Application | None = None,
        asgi_handler: OneHopASGIHandler | None = None,
        *,
        is_composed: bool = False,
        answer_health: Callable[[str, str], Response | None] | None = None,
        answers_warm_up: bool = False,
        max_body_bytes: int = _LAMBDA_QUOTA_BYTES,
        max_event_body_bytes: int = _LAMBDA_QUOTA_BYTES,
        max_reply_bytes: int = _LAMBDA_QUOTA_BYTES,
        encode: Callable[[dict[str, Any]], str] = json.dumps,
        proxy_headers: ProxyHeaders | None = None,
        base_path: str = "",
        base_path_is_stripped: bool = False,
        reporter: Reporter | None = None,
        observer: Observer | None = None,
        before_request: Callable[[], object] | None = None,
        before_freeze: Callable[[], object] | None = None,
        streams: "StreamingReplies | None" = None,
    ) -> None:
        self._requests = EventRequests(
            max_body_bytes=max_body_bytes,
            max_event_body_bytes=max_event_body_bytes,
            proxy_headers=proxy_headers or ProxyHeaders(),
            base_path=base_path,
            base_path_is_stripped=base_path_is_stripped,
        )
        self._answer_health = answer_health
        self._answers_warm_up = answers_warm_up
        self._limits = ReplyLimits(max_reply_bytes, encode)
        self._reporter = reporter
        self._observer = observer
        self._before_request = before_request
        self._before_freeze = before_freeze
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
        self._loop = EnvironmentLoop()
        self._bridge = AsyncBridge(self._loop)
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

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Return the reply to an event; raise UnknownEvent if no HTTP front sends such events."""
        if self._answers_warm_up and event == _WARM_UP:
            return {"warm": True}
        request = self._requests.infer(event, context)
        try:
            scope, body = self._requests.read(event, request)
        except BodyTooLargeError:
            return self._refused(event, context, 413, "Content Too Large")
        except PARSE_ERRORS as error:
            # Mangum raises for some malformed requests, for example for a port that is not a number.
            logger.warning("an event is not a valid request: %s: %s", type(error).__name__, error)
            return self._refused(event, context, 400, "Bad Request")
        if self._before_request is not None:
            self._before_request()
        try:
            reply: dict[str, Any] = contextvars.copy_context().run(self._serve, event, context, request, scope, body)
        finally:
            if self._before_freeze is not None:
                self._before_freeze()
        return reply

    def _serve(
        self, event: dict[str, Any], context: Any, request: Any, scope: dict[str, Any], body: bytes
    ) -> dict[str, Any]:
        observation = self._observe(context, scope)
        if observation is None:
            return self._reply(event, context, request, scope, body)
        current_observation.set(observation)
        try:
            reply = self._reply(event, context, request, scope, body)
        except BaseException as error:
            observation.end(error)
            raise
        observation.is_complete = True
        observation.end()
        return reply

    def _observe(self, context: Any, scope: dict[str, Any]) -> Observation | None:
        if self._observer is None or (self._answer_health is not None and path_below(scope) in HEALTH_PATHS):
            return None
        return self._observer.begin(scope, is_trusted=True, lambda_request_id=context.aws_request_id)

    def _refused(self, event: dict[str, Any], context: Any, status: int, text: str) -> dict[str, Any]:
        if self._observer is not None:
            self._observer.refuse(status, text, lambda_request_id=context.aws_request_id)
        return refusal(event, status, text)

    def _reply(
        self, event: dict[str, Any], context: Any, request: Any, scope: dict[str, Any], body: bytes
    ) -> dict[str, Any]:
        observation = current_observation.get()
        report = None if self._reporter is None else self._reporter.begin(scope["headers"])
        stream = None
        if self._streams is not None:
            stream = self._streams.open(request, context, scope, report=report, observation=observation)
        request_now = Request()
        try:
            response = self._respond(request_now, scope, body, stream)
        finally:
            request_now.end()
        if stream is not None and stream.reply is not None:
            return stream.reply
        if report is not None:
            response = with_report(response, report)
        response = framed_response(response, scope["method"])
        if observation is not None:
            response["headers"] = observation.begin_answer(response["status"], response["headers"])
        response["headers"], head_bytes = text_headers(response["headers"])
        reply: dict[str, Any] = request(response)
        most_bytes = (head_bytes + len(reply["body"])) * MAX_EXPANSION
        if most_bytes < self._limits.smallest_bytes:
            return reply
        taker = self._limits.exceeded(reply, most_bytes, request, scope)
        if taker is None:
            return reply
        if observation is not None:
            observation.begin_answer(500, [])
        return refusal(event, 500, f"Internal Server Error: the response is larger than {taker} can send")

    @property
    def bridged_async_views(self) -> int:
        """The number of asynchronous views called inside the synchronous chain so far."""
        bridged_here = self._chain.made.bridged_async_views if self._chain.made else 0
        return bridged_here + self._asgi_handler.bridged_async_views

    def warm(self, path: str, host: str) -> int:
        """Request a page as an anonymous client would, without a line in the log; return the status of the response."""
        scope = self._requests.page(path, host)
        request = Request()
        try:
            return int(contextvars.copy_context().run(self._respond, request, scope, b"", None)["status"])
        finally:
            request.end()

    def rest(self) -> None:
        """End a composed application's lifespan, and close the event loop; the next event opens another one."""
        if self._lifespan is not None:
            self._run(self._lifespan.end())
            self._lifespan = None
        self._loop.rest()

    def resume(self) -> None:
        """Start a composed application; raise StartupFailedError if it cannot start."""
        if self._is_composed and self._lifespan is None:
            lifespan = ComposedLifespan(self._application)
            # An exit during startup ends the process before it serves anything.
            self._loop.run(lifespan.start())
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
        self._loop.close()

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

    def _respond(self, request: Request, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        current_request.set(request)
        if self._answer_health is not None:
            health = self._answer_health(path_below(scope), scope["method"])
            if health is not None:
                return health
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
        loop = self._loop.get()
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
