"""Composes the head of a streamed reply, as the front of its request expects it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django_runtimes.serving.aws_lambda.replies import text_headers
from django_runtimes.serving.framing import framed
from django_runtimes.serving.measured import with_report
from django_runtimes.serving.observed import Observation
from django_runtimes.serving.types import Headers


class ComposedHead(NamedTuple):
    """`request` builds the reply to its event; the other parts are None without a reporter and an observer."""

    request: Any
    report: Callable[[], Headers] | None
    observation: Observation | None

    def __call__(self, status: int, headers: Headers) -> dict[str, Any]:
        """Return the reply without a body; raise InvalidAnswerError for headers that no server could send."""
        response: dict[str, Any] = {"status": status, "headers": headers, "body": b""}
        if self.report is not None:
            response = with_report(response, self.report)
        response["headers"], _ = framed(status, response["headers"])
        if self.observation is not None:
            response["headers"] = self.observation.begin_answer(status, response["headers"])
        response["headers"], _ = text_headers(response["headers"])
        reply: dict[str, Any] = self.request(response)
        return reply
