"""Whether a deployed application answers: `/readyz`, which asks the database, and one page."""

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


@dataclass(frozen=True)
class PageAnswer:
    """What a path answered: its status, or why there was none."""

    path: str
    status: int | None
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether a user would be content; redirections have been followed."""
        return self.status == 200

    def __str__(self) -> str:
        return f"{self.path} answers {self.status or 'nothing'} ({self.reason})"


def smoke_test(endpoint: str, page: str, *, timeout_s: float) -> list[PageAnswer]:
    """The last answer of each path; each is asked until it is good, or the time is over."""
    deadline = time.monotonic() + timeout_s
    return [_ask_until_good(endpoint.rstrip("/"), path, deadline) for path in dict.fromkeys((READINESS_PATH, page))]


def _ask_until_good(endpoint: str, path: str, deadline: float) -> PageAnswer:
    while True:
        answer = _ask(endpoint, path)
        # A load balancer's first minutes, an address that is not known everywhere yet, a first cold start.
        if answer.is_good or time.monotonic() + _PAUSE_S > deadline:
            return answer
        time.sleep(_PAUSE_S)


def _ask(endpoint: str, path: str) -> PageAnswer:
    # As a browser does it: what no request line may hold is escaped, and what is escaped already stays.
    address = f"{endpoint}{urllib.parse.quote(path, safe=string.punctuation)}"
    request = urllib.request.Request(address, headers={"User-Agent": "webapp-deploy"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_REQUEST_TIMEOUT_S) as response:  # noqa: S310
            return PageAnswer(path, response.status, response.reason)
    except urllib.error.HTTPError as error:
        with error:
            return PageAnswer(path, error.code, str(error.reason))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return PageAnswer(path, None, " ".join(str(getattr(error, "reason", error)).split()))
