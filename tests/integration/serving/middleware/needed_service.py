"""Middleware whose constructor needs a service, and an outage of the service."""

from collections.abc import Iterator
from contextlib import contextmanager

_outages: list[str] = []


class NeedsItsService:
    def __init__(self, get_response):
        if _outages:
            raise ConnectionError(_outages[0])
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


@contextmanager
def outage() -> Iterator[None]:
    """Make every construction of the middleware within the block fail."""
    _outages.append("the service is down")
    try:
        yield
    finally:
        _outages.clear()
