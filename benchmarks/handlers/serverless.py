"""serverless-wsgi over Django's WSGI handler."""

from typing import Any

from serverless_wsgi import handle_request

from benchmarks.application.wsgi import application


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """What serverless-wsgi's plugin generates at deployment, without the plugin."""
    response: dict[str, Any] = handle_request(application, event, context)
    return response
