"""A Lambda handler that serves synchronous views on the invoking thread, without an event loop."""

import contextvars
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.direct_responses import DirectResponses
from django_runtimes.serving.aws_lambda.event_requests import EventRequests
from django_runtimes.serving.aws_lambda.events import PARSE_ERRORS, BodyTooLargeError
from django_runtimes.serving.aws_lambda.replies import (
    MAX_EXPANSION,
    ReplyLimits,
    framed_response,
    refusal,
    text_headers,
)
from django_runtimes.serving.base_path import HEALTH_PATHS, path_below
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
        self._responses = DirectResponses(application, asgi_handler, is_composed=is_composed, streams=streams)

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
        return self._responses.bridged_async_views

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
        self._responses.rest()

    def resume(self) -> None:
        """Start a composed application; raise StartupFailedError if it cannot start."""
        self._responses.resume()

    def end_lifespan(self, longest_s: float) -> None:
        """Send a composed application its shutdown; callable from any thread while no event is served."""
        self._responses.end_lifespan(longest_s)

    def close(self) -> None:
        """Close the event loop, and stop the threads of the ASGI handler and the bridge."""
        self._responses.close()

    def _respond(self, request: Request, scope: dict[str, Any], body: bytes, stream: "ReplyStream | None") -> Response:
        current_request.set(request)
        if self._answer_health is not None:
            health = self._answer_health(path_below(scope), scope["method"])
            if health is not None:
                return health
        return self._responses.respond(scope, body, stream)
