"""Django's synchronous middleware chain, fed with ASGI scopes."""

from collections.abc import Callable, Coroutine
from copy import copy
from functools import cached_property
from typing import Any, BinaryIO, cast

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.bridged_views import BridgedViews
from django_runtimes.serving.asgi.exits import async_without_exits, without_exits
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.patches import ASYNCHRONOUS, PatchWatch
from django_runtimes.serving.types import Headers

RunAsync = Callable[[Coroutine[Any, Any, Any]], Any]


class SyncChain(KnownLengthHandler):
    """Serves a request from its scope and body on the calling thread, from the first signal to the response.

    Closing the response sends the last signal: it is the caller's part, once the content is taken.
    """

    def __init__(
        self,
        *,
        run_async: RunAsync,
        patches: PatchWatch | None = None,
        bridged: BridgedViews | None = None,
    ) -> None:
        """`run_async` runs an asynchronous view's coroutine to its end, `bridged` is told of each such view."""
        self._run_async = run_async
        # Not ASGIHandler's, which loads the asynchronous chain.
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._patches = patches
        self._bridged = bridged or BridgedViews()

    @property
    def bridged_async_views(self) -> int:
        """How many asynchronous views were met inside the chain so far."""
        return self._bridged.count

    def respond(self, scope: dict[str, Any], body: BinaryIO) -> HttpResponseBase:
        """The view's response, its handler class set; the body is closed with the response.

        When something raises instead, the body is closed and the last signal sent.
        """
        set_script_prefix(get_script_prefix(scope))
        try:
            signals.request_started.send(sender=ASGIHandler, scope=scope)
        except BaseException:
            body.close()
            raise
        try:
            request, refusal = self.create_request(scope, body)
            if request is None:
                body.close()
            response: Any = refusal if request is None else self._respond_to(request)
        except BaseException:
            body.close()
            signals.request_finished.send(sender=ASGIHandler)
            raise
        # Both signals come from the class that a receiver may have named.
        response._handler_class = ASGIHandler
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return cast("HttpResponseBase", response)

    def _respond_to(self, request: HttpRequest) -> HttpResponseBase:
        # Tools that follow ASGI requests patch this method, and get_response() for WSGI's: both would count one twice.
        if self._patches is not None and ASYNCHRONOUS in self._patches.seen:
            response: HttpResponseBase = async_to_sync(self._respond_asynchronously)(request)
            return response
        return self.get_response(request)

    async def _respond_asynchronously(self, request: HttpRequest) -> HttpResponseBase:
        """On the event loop; the chain itself runs on the thread that waits for this."""
        return await self._seen_asynchronously.get_response_async(request)

    @cached_property
    def _seen_asynchronously(self) -> "SyncChain":
        """The same chain, with what `get_response_async` awaits."""
        seen: Any = copy(self)
        seen._middleware_chain = sync_to_async(seen._middleware_chain)
        return cast("SyncChain", seen)

    def make_view_atomic(self, view: Any) -> Any:
        """Django's, which is told of every view before it is called."""
        atomic = super().make_view_atomic(view)
        if not iscoroutinefunction(atomic):
            return without_exits(atomic)
        self._bridged.note(view)
        contained = async_without_exits(atomic)
        return lambda *args, **kwargs: self._run_async(contained(*args, **kwargs))


def encoded_headers(response: HttpResponseBase) -> Headers:
    """The response's headers and cookies as ASGI wants them."""
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", cookie.output(header="").encode("ascii").strip()) for cookie in response.cookies.values()
    ]
    return headers
