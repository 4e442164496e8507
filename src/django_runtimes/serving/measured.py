"""Adds a process's measurements to the responses of requests that may see them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django_runtimes.serving.types import Application, Headers, Message, Receive, Scope, Send

# A cache stores these headers with the response that it has, and then answers other clients with them.
_NOT_MODIFIED = 304
_FOR_CACHES = frozenset({b"expires", b"surrogate-control", b"x-accel-expires"})
_NO_STORE = (b"cache-control", b"no-store")


class Reporter(Protocol):
    """Counts a process's requests and writes its measurements for requests that may see them."""

    def begin(self, headers: Headers) -> Callable[[], Headers] | None:
        """Count a request with these headers; return what reports its measurements, or None if it may not see them."""
        ...


class MeasuredResponses:
    """ASGI middleware that adds the reporter's headers to the responses of requests that may see them."""

    def __init__(self, application: Application, reporter: Reporter) -> None:
        self._application = application
        self._reporter = reporter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        report = self._reporter.begin(scope["headers"]) if scope["type"] == "http" else None
        if report is None:
            await self._application(scope, receive, send)
            return

        async def send_with_report(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = with_report(message, report)
            await send(message)

        await self._application(scope, receive, send_with_report)


def with_report(response: Mapping[str, Any], report: Callable[[], Headers]) -> dict[str, Any]:
    """Return the start of a response with the report, and without permission for any cache to store it."""
    if response["status"] == _NOT_MODIFIED:
        return dict(response)
    headers = [header for header in response.get("headers", ()) if not _is_for_caches(header[0].lower())]
    return {**response, "headers": [*headers, _NO_STORE, *report()]}


def _is_for_caches(name: bytes) -> bool:
    # Vendors have headers of their own, such as CDN-Cache-Control.
    return name in _FOR_CACHES or name.endswith(b"cache-control")
