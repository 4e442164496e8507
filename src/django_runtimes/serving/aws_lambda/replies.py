"""Size limits of each front's replies, response framing, and replies to malformed events."""

import logging
from collections.abc import Callable
from typing import Any

from mangum.handlers import ALB, LambdaAtEdge

from django_runtimes.serving.framing import InvalidAnswerError, framed, has_content
from django_runtimes.serving.types import Headers, Response, Scope

logger = logging.getLogger(__name__)

_MB = 2**20
# The smallest limit of all fronts: CloudFront's for a function that answers a viewer request.
_SMALLEST_LIMIT_BYTES = 40 * 2**10
# A reply is at most twelve times as large as its body and headers: JSON writes at most six characters for one, and
# CloudFront's replies name each header twice. Encoding a reply to measure it takes milliseconds.
MAX_EXPANSION = 12
# The bytes that the reply's structure adds per header; the handler multiplies this by twelve, JSON's largest expansion.
_HEADER_OVERHEAD_BYTES = 4
_CONTENT_TYPE = "text/plain; charset=utf-8"


class ReplyLimits:
    """The limits on a reply's size; `encode` is the encoder of awslambdaric, whose result must fit."""

    def __init__(self, lambda_limit_bytes: int, encode: Callable[[dict[str, Any]], str]) -> None:
        self._lambda_limit_bytes = lambda_limit_bytes
        self._encode = encode
        self.smallest_bytes = min(lambda_limit_bytes, _SMALLEST_LIMIT_BYTES)

    def exceeded(self, reply: dict[str, Any], most_bytes: int, request: Any, scope: Scope) -> str | None:
        """Log a reply that is too large, and return the name of the service that cannot send it; None for any other.

        `most_bytes` is a size that the reply does not exceed.
        """
        limit_bytes, taker = self._limit(request)
        if most_bytes < limit_bytes:
            return None
        reply_bytes = len(self._encode(reply).encode())
        if reply_bytes <= limit_bytes:
            return None
        logger.error(
            "%s %s: a reply of %s bytes exceeds %s bytes, the limit of %s; let the client fetch it from storage",
            scope["method"],
            scope["path"],
            reply_bytes,
            limit_bytes,
            taker,
        )
        return taker

    def _limit(self, request: Any) -> tuple[int, str]:
        """Return the maximum size in bytes, and the name of the service with that limit.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html and
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-restrictions.html
        """
        lambda_limit_bytes = self._lambda_limit_bytes
        limit_bytes, taker = lambda_limit_bytes, "Lambda"
        if isinstance(request, ALB):
            limit_bytes, taker = _MB, "the load balancer"
        elif isinstance(request, LambdaAtEdge):
            limit_bytes, taker = (_SMALLEST_LIMIT_BYTES if _is_viewer_request(request) else _MB), "CloudFront"
        return (limit_bytes, taker) if limit_bytes < lambda_limit_bytes else (lambda_limit_bytes, "Lambda")


def _is_viewer_request(request: Any) -> bool:
    config = request.event["Records"][0]["cf"].get("config")
    return isinstance(config, dict) and config.get("eventType") == "viewer-request"


def internal_error() -> Response:
    """Return status 500 as plain text."""
    headers = [(b"content-type", _CONTENT_TYPE.encode())]
    return {"status": 500, "headers": headers, "body": b"Internal Server Error"}


def framed_response(response: Response, method: str) -> Response:
    """Return the response without content that its status forbids and without headers that the front sets.

    Log and correct a Content-Length that differs from the content's length. Return 500 for a response that no server
    could send.
    """
    status, body = response["status"], response["body"]
    try:
        headers, length = framed(status, response["headers"])
    except InvalidAnswerError:
        logger.exception("the response cannot be sent")
        return internal_error()
    if not has_content("GET", status):
        return {"status": status, "headers": headers, "body": b""}
    if length is not None and int(length) != len(body) and method != "HEAD":
        logger.error("Content-Length is %s, but the content has %s bytes", length.decode(), len(body))
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        headers.append((b"content-length", b"%d" % len(body)))
    return {"status": status, "headers": headers, "body": body}


def text_headers(headers: Headers) -> tuple[Headers, int]:
    """Return the headers as UTF-8, since Mangum cannot read Django's latin-1, and their counted size in bytes."""
    # Joining the names and values in one call takes only a third of a microsecond.
    joined = b"".join(map(b"".join, headers))
    length = len(joined) + len(headers) * _HEADER_OVERHEAD_BYTES
    if joined.isascii():
        return headers, length
    text = [(name, value if value.isascii() else value.decode("latin-1").encode()) for name, value in headers]
    return text, length


def refusal(event: dict[str, Any], status: int, text: str) -> dict[str, Any]:
    """Return a reply built without Mangum, whose classes may fail on the event."""
    reply: dict[str, Any] = {"body": f"{text}\n", "isBase64Encoded": False}
    if "Records" in event:
        headers = {"content-type": [{"key": "content-type", "value": _CONTENT_TYPE}]}
        return {"status": status, "headers": headers, **reply}
    if "multiValueHeaders" in event:
        return {"statusCode": status, "multiValueHeaders": {"content-type": [_CONTENT_TYPE]}, **reply}
    return {"statusCode": status, "headers": {"content-type": _CONTENT_TYPE}, **reply}
