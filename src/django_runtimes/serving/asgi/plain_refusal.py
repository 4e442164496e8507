"""The response to a request beyond the limits, if the project has no page for it."""

from django.http import HttpRequest, HttpResponse

_RETRY_AFTER_S = 1


def plain_refusal(request: HttpRequest) -> HttpResponse:
    """Return a 503 as plain text."""
    return HttpResponse(
        "Service Unavailable: too many requests wait for a thread\n",
        status=503,
        content_type="text/plain",
        headers={"Retry-After": str(_RETRY_AFTER_S)},
    )
