"""Lets a rate limit count the requests that it refuses."""

from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.serving.observed import current_observation


def note_throttled() -> bool:
    """Count the current request as refused by a rate limit, and return whether the access log is on."""
    request = current_observation.get()
    if not isinstance(request, ObservedRequest):
        return False
    request.is_throttled = True
    return True
