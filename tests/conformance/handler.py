"""This project's ASGI handler, made as Django's is and watched by the test clients."""

from typing import Any

import django_runtimes.serving.asgi.one_hop
import django_runtimes.serving.aws_lambda.handler
from django_runtimes.serving.asgi.native import NativeHandler
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.sync_chain import SyncChain
from tests.conformance.exchange import NotedRequest, note_response

_THREADS = 4


class Handler(OneHopASGIHandler):
    """As Django's handler is made: without arguments."""

    request_class = NotedRequest

    def __init__(self) -> None:
        super().__init__(threads=_THREADS)


class NotedChain(SyncChain):
    """A chain whose responses the test clients know."""

    def respond(self, *args: Any) -> Any:
        """The chain's."""
        return note_response(super().respond(*args))


class NotedNativeHandler(NativeHandler):
    """A handler whose responses the test clients know."""

    async def run_get_response(self, request: Any) -> Any:
        """Django's."""
        return note_response(await super().run_get_response(request))


def note_responses() -> None:
    """Let our handlers be made of the classes above."""
    for module in (django_runtimes.serving.asgi.one_hop, django_runtimes.serving.aws_lambda.handler):
        module.SyncChain = NotedChain  # type: ignore[misc]
    django_runtimes.serving.asgi.one_hop.NativeHandler = NotedNativeHandler  # type: ignore[misc]
