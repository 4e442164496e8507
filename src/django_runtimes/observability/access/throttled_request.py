"""Lets a rate limit count the requests that it refuses."""

from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.serving.observed import current_observation


def note_throttled() -> None:
    """Count the current request as refused by a rate limit; without the access log this does nothing."""
    request = current_observation.get()
    if isinstance(request, ObservedRequest):
        request.is_throttled = True
