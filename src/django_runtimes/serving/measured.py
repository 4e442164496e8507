"""Adds a process's measurements to the responses of requests that may see them."""

from collections.abc import Callable
from typing import Protocol

from django_runtimes.serving.types import Application, Headers, Message, Receive, Scope, Send

# Shared caches may store a response with one of these directives, and then answer other clients with it.
_SHARED = (b"public", b"s-maxage")


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
                message = {**message, "headers": with_report(list(message.get("headers", ())), report)}
            await send(message)

        await self._application(scope, receive, send_with_report)


def with_report(headers: Headers, report: Callable[[], Headers]) -> Headers:
    """Return a response's headers with the report, unless shared caches may store the response."""
    if any(name.lower() == b"cache-control" and _is_shared(value) for name, value in headers):
        return headers
    return [*headers, *report()]


def _is_shared(directives: bytes) -> bool:
    return any(directive in directives.lower() for directive in _SHARED)
