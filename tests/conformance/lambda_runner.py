"""Django's test runner, whose clients send events to this project's Lambda handler."""

from typing import Any

import django.test.client

from tests.conformance.clients import AsyncClientHandler, ClientHandler, close_servers
from tests.conformance.handler import Handler, note_responses
from tests.conformance.lambda_server import LambdaServer
from tests.conformance.recording import RecordingRunner


class LambdaClientHandler(ClientHandler):
    """Of `Client`."""

    def make_server(self) -> LambdaServer:
        """On the thread of invocations."""
        return LambdaServer(Handler)


class LambdaAsyncClientHandler(AsyncClientHandler):
    """Of `AsyncClient`."""

    def make_server(self) -> LambdaServer:
        """On the thread of invocations."""
        return LambdaServer(Handler)


class LambdaRunner(RecordingRunner):
    """Loads the suites after the clients' handlers have changed places."""

    after_test = staticmethod(close_servers)

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Django's."""
        note_responses()
        django.test.client.ClientHandler = LambdaClientHandler  # type: ignore[assignment,misc]
        django.test.client.AsyncClientHandler = LambdaAsyncClientHandler  # type: ignore[assignment,misc]
        return super().build_suite(*args, **kwargs)
