"""Decides which replies a front can take as a stream."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import StreamOutlet
from django_runtimes.serving.aws_lambda.streams.composed_head import ComposedHead
from django_runtimes.serving.aws_lambda.streams.reply_stream import ReplyStream
from django_runtimes.serving.aws_lambda.streams.sent_chunks import RunAsync, is_streamed, send_streamed
from django_runtimes.serving.observed import Observation
from django_runtimes.serving.types import Event, Headers, Scope

# The time before the deadline in which the response ends and the invocation's work is finished.
_BEFORE_DEADLINE_S = 5.0


class StreamingFront(StrEnum):
    """The front that takes streams: a function URL, or a REST API of API Gateway."""

    FUNCTION_URL = "function_url"
    REST_API = "rest_api"


class StreamingReplies:
    """Opens streams for the requests of one front, each for at most `max_s` seconds."""

    def __init__(self, front: StreamingFront, outlet: StreamOutlet, *, max_s: float) -> None:
        self._sends = _is_of_function_url if front is StreamingFront.FUNCTION_URL else _is_of_rest_api
        self._outlet = outlet
        self._max_s = max_s

    def open(
        self,
        request: Any,
        context: Any,
        scope: Scope,
        *,
        report: Callable[[], Headers] | None,
        observation: Observation | None,
    ) -> ReplyStream | None:
        """Return a stream that has not begun; None if the request came through another front, or without the loop."""
        client = self._outlet.client
        if client is None or not self._sends(request.event):
            return None
        left_s = context.get_remaining_time_in_millis() / 1_000 - _BEFORE_DEADLINE_S
        name = f"{scope['method']} {scope['path']}"
        head = ComposedHead(request, report, observation)
        return ReplyStream(client, head, max_s=min(self._max_s, left_s), name=name)

    def send(self, response: Any, method: str, stream: ReplyStream, run_async: RunAsync) -> bool:
        """Send a response that should leave in chunks; return False if it should be one reply."""
        if not is_streamed(response, method):
            return False
        send_streamed(response, stream, run_async)
        return True


def _is_of_function_url(event: Event) -> bool:
    return event.get("version") == "2.0"


def _is_of_rest_api(event: Event) -> bool:
    # A load balancer may send headers with several values too.
    return "multiValueHeaders" in event and "elb" not in event["requestContext"]
