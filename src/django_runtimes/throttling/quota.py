"""The quota of one client in one window of time, and the standard headers that state it."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponseBase

from django_runtimes.config.values.request_rate import RequestRate

# https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
_POLICY, _LIMIT = "RateLimit-Policy", "RateLimit"


class Quota(NamedTuple):
    """A client's quota: the number of requests that remain, and the seconds until the window ends, rounded up."""

    policy: str
    rate: RequestRate
    remaining: int
    reset_s: int
    is_exceeded: bool

    def add_headers(self, response: HttpResponseBase) -> None:
        """Add the quota to those that the response already states."""
        name = f'"{self.policy}"'
        _extend(response, _POLICY, f"{name};q={self.rate.limit};w={self.rate.window_s}")
        _extend(response, _LIMIT, f"{name};r={self.remaining};t={self.reset_s}")


def is_for_cache(request: HttpRequest) -> bool:
    """Return whether Django's cache of pages may keep the response and replay its headers to other clients."""
    # FetchFromCacheMiddleware and `cache_page` set this for a page that they do not have.
    return bool(getattr(request, "_cache_update_cache", False))


def _extend(response: HttpResponseBase, header: str, item: str) -> None:
    response[header] = f"{response[header]}, {item}" if header in response else item
