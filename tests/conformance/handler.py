"""This project's ASGI handler, constructed like Django's and recorded for the test clients."""

from typing import Any

import django_runtimes.serving.asgi.one_hop
import django_runtimes.serving.aws_lambda.direct_responses
from django_runtimes.serving.asgi.chains.sync_chain import SyncChain
from django_runtimes.serving.asgi.native import NativeHandler
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from tests.conformance.exchange import NotedRequest, note_response

_THREADS = 4


class Handler(OneHopASGIHandler):
    """A handler that, like Django's, is constructed without arguments."""

    request_class = NotedRequest

    def __init__(self) -> None:
        super().__init__(threads=_THREADS)


class NotedChain(SyncChain):
    """A chain whose responses are recorded for the test clients."""

    def respond(self, *args: Any) -> Any:
        """Respond as the chain does."""
        return note_response(super().respond(*args))


class NotedNativeHandler(NativeHandler):
    """A handler whose responses are recorded for the test clients."""

    async def run_get_response(self, request: Any) -> Any:
        """Respond as Django does."""
        return note_response(await super().run_get_response(request))


def note_responses() -> None:
    """Make this project's handlers use the classes above."""
    for module in (django_runtimes.serving.asgi.one_hop, django_runtimes.serving.aws_lambda.direct_responses):
        # A class that has moved would leave every response unrecorded.
        assert vars(module)["SyncChain"] is SyncChain, module.__name__
        module.SyncChain = NotedChain  # type: ignore[misc]
    django_runtimes.serving.asgi.one_hop.NativeHandler = NotedNativeHandler  # type: ignore[misc]
