"""A Django test client's request, which a handler in another thread answers, and its response."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse
from django.http.response import ResponseHeaders
from django.test.client import conditional_content_removal

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """A response as the client receives it."""

    status: int
    headers: Headers
    chunks: list[bytes]


@dataclass
class Exchange:
    """The objects that a test client attaches to its request, and inspects beside the response."""

    enforces_csrf: bool
    # Keys of the WSGI environ that HTTP does not carry.
    environ: dict[str, Any]
    requests: list[Any] = field(default_factory=list)
    responses: list[Any] = field(default_factory=list)

    def end(self, reply: Reply) -> tuple[Any, Any]:
        """Return the view's own response object, with the received content, and its request."""
        response = self.responses[-1] if self.responses else HttpResponse()
        # Otherwise the contexts of the handler's threads would keep the response, the client and its handler alive.
        self.responses.clear()
        response.status_code = reply.status
        # A front may change the order of headers, so compare them sorted.
        if sorted(_headers_of(response)) != sorted((name.lower(), value) for name, value in reply.headers):
            _replace_headers(response, reply.headers)
        if not response.streaming:
            if response.content != b"".join(reply.chunks):
                response.content = b"".join(reply.chunks)
        elif response.is_async:
            response.streaming_content = _asynchronously(reply.chunks)
        else:
            response.streaming_content = reply.chunks
        request = self.requests[-1] if self.requests else None
        if request is not None:
            conditional_content_removal(request, response)
        self.requests.clear()
        return response, request


current: ContextVar[Exchange] = ContextVar("current")


class NotedRequest(ASGIRequest):
    """A request that registers itself with its exchange."""

    def __init__(self, scope: dict[str, Any], body_file: Any) -> None:
        super().__init__(scope, body_file)
        exchange = current.get(None)
        if exchange is not None:
            self.META.update(exchange.environ)
            self._dont_enforce_csrf_checks = not exchange.enforces_csrf
            exchange.requests.append(self)


def note_response(response: Any) -> Any:
    """Register a response with its exchange, and return it."""
    exchange = current.get(None)
    if exchange is not None:
        exchange.responses.append(response)
    return response


@contextmanager
def share_test_connections() -> Iterator[None]:
    """Let every thread use the test's own connections, because only their transaction contains the test's data."""
    thread_local_connections = connections._connections
    shared = SimpleNamespace(**{wrapper.alias: wrapper for wrapper in connections.all(initialized_only=True)})
    connections._connections = shared
    allowed = BaseDatabaseWrapper.allow_thread_sharing
    BaseDatabaseWrapper.allow_thread_sharing = True
    # Like Django's test client, keep the connections open, because the test continues with them.
    started = request_started.disconnect(close_old_connections)
    finished = request_finished.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal, was_connected in ((request_started, started), (request_finished, finished)):
            if was_connected:
                signal.connect(close_old_connections)
        BaseDatabaseWrapper.allow_thread_sharing = allowed
        connections._connections = thread_local_connections
        for alias, wrapper in vars(shared).items():
            connections[alias] = wrapper


def _headers_of(response: Any) -> Headers:
    headers = [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = response.cookies.values()
    return headers + [(b"set-cookie", cookie.output(header="").encode("ascii").strip()) for cookie in cookies]


def _replace_headers(response: Any, headers: Headers) -> None:
    response.headers = ResponseHeaders({})
    response.cookies.clear()
    for name, value in headers:
        if name.lower() == b"set-cookie":
            response.cookies.load(value.decode("latin-1"))
        else:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")


async def _asynchronously(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
