"""Django's test runner, with this project's ASGI handler in place of Django's."""

from typing import Any

# Import this before the handlers are replaced, because it subclasses Django's.
import django.contrib.staticfiles.handlers
import django.core.asgi
import django.core.handlers.asgi
import django.test.client

from tests.conformance.asgi_server import AsgiServer
from tests.conformance.clients import AsyncClientHandler, ClientHandler, close_servers
from tests.conformance.handler import Handler, note_responses
from tests.conformance.recording import RecordingRunner


class AsgiClientHandler(ClientHandler):
    """The handler of `Client`."""

    def make_server(self) -> AsgiServer:
        """Return a server on an event loop."""
        return AsgiServer(Handler)


class AsgiAsyncClientHandler(AsyncClientHandler):
    """The handler of `AsyncClient`."""

    def make_server(self) -> AsgiServer:
        """Return a server on an event loop."""
        return AsgiServer(Handler)


class AsgiRunner(RecordingRunner):
    """Replaces Django's handlers before it loads the suites."""

    after_test = staticmethod(close_servers)

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Replace the handlers, then build the suite as Django does."""
        note_responses()
        django.core.asgi.ASGIHandler = Handler  # type: ignore[misc]
        django.core.handlers.asgi.ASGIHandler = Handler  # type: ignore[misc]
        django.test.client.ClientHandler = AsgiClientHandler  # type: ignore[assignment,misc]
        django.test.client.AsyncClientHandler = AsgiAsyncClientHandler  # type: ignore[assignment,misc]
        return super().build_suite(*args, **kwargs)
