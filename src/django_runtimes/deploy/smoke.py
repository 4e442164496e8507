"""Tests whether a deployed application answers at `/readyz`, which queries the database, and at one page."""

import http.client
import string
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

READINESS_PATH = "/readyz"
_REQUEST_TIMEOUT_S = 30.0
_PAUSE_S = 1.0
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class PageAnswer:
    """The answer to a request for a path: its status, or the reason why there was none."""

    path: str
    status: int | None
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether a user would see the page; redirects have been followed."""
        return self.status == 200

    def __str__(self) -> str:
        return f"{self.path} answers {self.status or 'nothing'} ({self.reason})"


def smoke_test(endpoint: str, page: str, *, timeout_s: float) -> list[PageAnswer]:
    """Request each path until its answer is good or the time is up, and return the last answers."""
    deadline = time.monotonic() + timeout_s
    return [_ask_until_good(endpoint.rstrip("/"), path, deadline) for path in dict.fromkeys((READINESS_PATH, page))]


def _ask_until_good(endpoint: str, path: str, deadline: float) -> PageAnswer:
    while True:
        answer = _ask(endpoint, path)
        # A new load balancer, a new DNS name or the first cold start can take minutes.
        if answer.is_good or time.monotonic() + _PAUSE_S > deadline:
            return answer
        time.sleep(_PAUSE_S)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Turns a redirect into an HTTPError."""

    def redirect_request(self, *arguments: object) -> None:
        return None


def redirects_to_itself(endpoint: str, page: str) -> bool:
    """Return whether the page redirects to its own address; raise OSError if there is no answer."""
    address = _address(endpoint.rstrip("/"), page)
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        opener.open(_request(address), timeout=_REQUEST_TIMEOUT_S).close()
    except urllib.error.HTTPError as error:
        with error:
            return (
                urllib.parse.urljoin(address, error.headers.get("Location", "/")) == address
                and error.code in _REDIRECTS
            )
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(str(error)) from error
    return False


def _address(endpoint: str, path: str) -> str:
    # Like a browser, this escapes only characters that a request line may not contain, and keeps existing escapes.
    return f"{endpoint}{urllib.parse.quote(path, safe=string.punctuation)}"


def _request(address: str) -> urllib.request.Request:
    return urllib.request.Request(address, headers={"User-Agent": "webapp-deploy"})  # noqa: S310


def _ask(endpoint: str, path: str) -> PageAnswer:
    try:
        with urllib.request.urlopen(_request(_address(endpoint, path)), timeout=_REQUEST_TIMEOUT_S) as response:  # noqa: S310
            return PageAnswer(path, response.status, response.reason)
    except urllib.error.HTTPError as error:
        with error:
            # urllib follows redirects, except those of a loop.
            reason = "it redirects in a loop" if error.code in _REDIRECTS else str(error.reason)
            return PageAnswer(path, error.code, reason)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return PageAnswer(path, None, " ".join(str(getattr(error, "reason", error)).split()))
