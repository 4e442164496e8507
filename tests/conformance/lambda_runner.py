"""Django's test runner with clients that send events to this project's Lambda handler."""

from typing import Any

import django.test.client

from tests.conformance.clients import AsyncClientHandler, ClientHandler, close_servers
from tests.conformance.handler import Handler, note_responses
from tests.conformance.lambda_server import LambdaServer
from tests.conformance.recording import RecordingRunner


class LambdaClientHandler(ClientHandler):
    """The handler of `Client`."""

    def make_server(self) -> LambdaServer:
        """Return a server that invokes the handler."""
        return LambdaServer(Handler)


class LambdaAsyncClientHandler(AsyncClientHandler):
    """The handler of `AsyncClient`."""

    def make_server(self) -> LambdaServer:
        """Return a server that invokes the handler."""
        return LambdaServer(Handler)


class LambdaRunner(RecordingRunner):
    """Replaces the clients' handlers before it loads the suites."""

    after_test = staticmethod(close_servers)

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Replace the handlers, then build the suite as Django does."""
        note_responses()
        django.test.client.ClientHandler = LambdaClientHandler  # type: ignore[assignment,misc]
        django.test.client.AsyncClientHandler = LambdaAsyncClientHandler  # type: ignore[assignment,misc]
        return super().build_suite(*args, **kwargs)
