"""This project's ASGI handler, made as Django's is and watched by the test clients."""

from typing import Any

import webapp.serving.direct_lambda
import webapp.serving.one_hop
from tests.conformance.exchange import NotedRequest, note_response
from webapp.serving.native import NativeHandler
from webapp.serving.one_hop import OneHopASGIHandler
from webapp.serving.sync_chain import SyncChain

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
    for module in (webapp.serving.one_hop, webapp.serving.direct_lambda):
        module.SyncChain = NotedChain  # type: ignore[misc]
    webapp.serving.one_hop.NativeHandler = NotedNativeHandler  # type: ignore[misc]
