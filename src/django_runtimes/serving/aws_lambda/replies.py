"""What each front takes as a reply, and the replies that need no front's class."""

import logging
from typing import Any

from mangum.handlers import ALB, LambdaAtEdge

from django_runtimes.serving.framing import InvalidAnswerError, framed, has_content
from django_runtimes.serving.types import Headers, Response

logger = logging.getLogger(__name__)

_MB = 2**20
# Of all fronts, CloudFront takes the least, where a function answers a viewer's request.
SMALLEST_REPLY_LIMIT_BYTES = 40 * 2**10
# What the shape of a reply adds to each header, counted as if JSON wrote twelve characters for each of these.
_SHAPE_BYTES = 4
_CONTENT_TYPE = "text/plain; charset=utf-8"


def reply_limit(request: Any, lambdas_bytes: int) -> tuple[int, str]:
    """The most bytes that a reply may have on its way to the client, and who takes no more.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html and
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-restrictions.html
    """
    limit_bytes, taker = lambdas_bytes, "Lambda"
    if isinstance(request, ALB):
        limit_bytes, taker = _MB, "the load balancer"
    elif isinstance(request, LambdaAtEdge):
        limit_bytes, taker = (SMALLEST_REPLY_LIMIT_BYTES if _is_for_the_viewer(request) else _MB), "CloudFront"
    return (limit_bytes, taker) if limit_bytes < lambdas_bytes else (lambdas_bytes, "Lambda")


def _is_for_the_viewer(request: Any) -> bool:
    config = request.event["Records"][0]["cf"].get("config")
    return isinstance(config, dict) and config.get("eventType") == "viewer-request"


def internal_error() -> Response:
    """500 as plain text."""
    headers = [(b"content-type", _CONTENT_TYPE.encode())]
    return {"status": 500, "headers": headers, "body": b"Internal Server Error"}


def framed_response(response: Response, method: str) -> Response:
    """The response without content that its status cannot have, and without headers that are the front's.

    A length that is not the content's is corrected, with a line in the log; 500 for a response that no server could
    send.
    """
    status, body = response["status"], response["body"]
    try:
        headers, length = framed(status, response["headers"])
    except InvalidAnswerError:
        logger.exception("a response that cannot be sent")
        return internal_error()
    if not has_content("GET", status):
        return {"status": status, "headers": headers, "body": b""}
    if length is not None and int(length) != len(body) and method != "HEAD":
        logger.error("Content-Length is %s, and the content has %s bytes", length.decode(), len(body))
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        headers.append((b"content-length", b"%d" % len(body)))
    return {"status": status, "headers": headers, "body": body}


def text_headers(headers: Headers) -> tuple[Headers, int]:
    """The headers as UTF-8, which Mangum reads, not Django's latin-1; and the bytes they count as under a limit."""
    # Names too: in one pass it costs a third of a microsecond.
    joined = b"".join(map(b"".join, headers))
    length = len(joined) + len(headers) * _SHAPE_BYTES
    if joined.isascii():
        return headers, length
    text = [(name, value if value.isascii() else value.decode("latin-1").encode()) for name, value in headers]
    return text, length


def refusal(event: dict[str, Any], status: int, text: str) -> dict[str, Any]:
    """A reply that no front's class has to shape, since the event may be beyond it."""
    reply: dict[str, Any] = {"body": f"{text}\n", "isBase64Encoded": False}
    if "Records" in event:
        headers = {"content-type": [{"key": "content-type", "value": _CONTENT_TYPE}]}
        return {"status": status, "headers": headers, **reply}
    if "multiValueHeaders" in event:
        return {"statusCode": status, "multiValueHeaders": {"content-type": [_CONTENT_TYPE]}, **reply}
    return {"statusCode": status, "headers": {"content-type": _CONTENT_TYPE}, **reply}
