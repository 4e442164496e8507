"""Invokes the Lambda handler once."""

from types import SimpleNamespace
from typing import Any

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler


def reply_on_lambda(page: str, **headers: str) -> dict[str, Any]:
    """Return the reply to a GET request to a function URL."""
    event = {
        "version": "2.0",
        "rawPath": page,
        "rawQueryString": "",
        "headers": {"host": "testserver", "x-forwarded-proto": "https", **headers},
        "requestContext": {"http": {"method": "GET", "path": page, "sourceIp": "127.0.0.1"}},
        "isBase64Encoded": False,
    }
    handler = DirectLambdaHandler()
    reply: dict[str, Any] = handler(event, SimpleNamespace(aws_request_id="1"))
    handler.close()
    return reply
