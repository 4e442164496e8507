"""Django's test runner, with this project's ASGI handler in the place of Django's."""

from typing import Any

# Before the handlers change places: it derives one of its own from Django's.
import django.contrib.staticfiles.handlers
import django.core.asgi
import django.core.handlers.asgi
import django.test.client

from tests.conformance.asgi_server import AsgiServer
from tests.conformance.clients import AsyncClientHandler, ClientHandler, close_servers
from tests.conformance.handler import Handler, note_responses
from tests.conformance.recording import RecordingRunner


class AsgiClientHandler(ClientHandler):
    """Of `Client`."""

    def make_server(self) -> AsgiServer:
        """On an event loop."""
        return AsgiServer(Handler)


class AsgiAsyncClientHandler(AsyncClientHandler):
    """Of `AsyncClient`."""

    def make_server(self) -> AsgiServer:
        """On an event loop."""
        return AsgiServer(Handler)


class AsgiRunner(RecordingRunner):
    """Loads the suites after the handlers have changed places."""

    after_test = staticmethod(close_servers)

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Django's."""
        note_responses()
        django.core.asgi.ASGIHandler = Handler  # type: ignore[misc]
        django.core.handlers.asgi.ASGIHandler = Handler  # type: ignore[misc]
        django.test.client.ClientHandler = AsgiClientHandler  # type: ignore[assignment,misc]
        django.test.client.AsyncClientHandler = AsgiAsyncClientHandler  # type: ignore[assignment,misc]
        return super().build_suite(*args, **kwargs)
