"""serverless-wsgi with Django's WSGI handler."""

from typing import Any

from serverless_wsgi import handle_request

from benchmarks.application.wsgi import application


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Handle an event like the handler that serverless-wsgi's plugin generates for a deployment."""
    response: dict[str, Any] = handle_request(application, event, context)
    return response
