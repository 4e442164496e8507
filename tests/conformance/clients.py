"""Handlers for Django's test clients that pass every request to a server in another thread."""

import asyncio
import contextvars
from concurrent.futures import Future
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.core.handlers.base import BaseHandler

from tests.conformance.exchange import Exchange, Reply, current, share_test_connections
from tests.conformance.scope import environ_beside_scope, plain_scope, scope_of_environ


class Server(Protocol):
    """One of this project's handlers, ready for requests."""

    def submit(self, scope: dict[str, Any], body: bytes) -> "Future[Reply]":
        """Start serving a request in the caller's context."""
        ...

    def close(self) -> None: ...


# The servers of the running test. They hold sockets and threads, and a client may outlive its test.
_servers: dict["_Handler", Server] = {}


def close_servers() -> None:
    """Close the server of every test client."""
    while _servers:
        _servers.popitem()[1].close()


class _Handler(BaseHandler):
    def make_server(self) -> Server:
        """Return the server for this client's requests."""
        raise NotImplementedError

    def __init__(self, enforce_csrf_checks: bool = True) -> None:
        self.enforce_csrf_checks = enforce_csrf_checks
        super().__init__()

    @property
    def server(self) -> Server:
        """The server, created by a test's first request and closed after the test."""
        if self not in _servers:
            _servers[self] = self.make_server()
        return _servers[self]

    def begin(self, scope: dict[str, Any], body: bytes, environ: dict[str, Any]) -> tuple[Exchange, "Future[Reply]"]:
        """Start a request."""
        exchange = Exchange(self.enforce_csrf_checks, environ)

        def submit() -> "Future[Reply]":
            current.set(exchange)
            return self.server.submit(scope, body)

        return exchange, contextvars.copy_context().run(submit)


class ClientHandler(_Handler):
    """Replaces the handler of Django's `Client`."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        scope, body = scope_of_environ(environ)
        with share_test_connections():
            exchange, future = self.begin(scope, body, environ_beside_scope(environ))
            response, response.wsgi_request = exchange.end(future.result())
        return response


class AsyncClientHandler(_Handler):
    """Replaces the handler of Django's `AsyncClient`."""

    async def __call__(self, scope: dict[str, Any]) -> Any:
        scope, body = plain_scope(scope)
        # The connections belong to the test's own thread.
        shared = share_test_connections()
        await sync_to_async(shared.__enter__)()
        try:
            exchange, future = self.begin(scope, body, {})
            response, response.asgi_request = exchange.end(await asyncio.wrap_future(future))
        finally:
            await sync_to_async(shared.__exit__)(None, None, None)
        return response
