"""Django's synchronous middleware chain for ASGI requests."""

from collections.abc import Callable, Coroutine, Iterable
from copy import copy
from functools import cached_property
from inspect import CO_COROUTINE
from types import FunctionType
from typing import Any, BinaryIO, cast

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.http.response import ResponseHeaders
from django.urls import set_script_prefix

from django_runtimes.serving.asgi.bridged_views import BridgedViews
from django_runtimes.serving.asgi.exits import async_without_exits, without_exits
from django_runtimes.serving.asgi.known_length import KnownLengthHandler
from django_runtimes.serving.asgi.late_transaction import make_late_atomic
from django_runtimes.serving.asgi.patches import GET_RESPONSE_ASYNC, PatchWatch
from django_runtimes.serving.types import Headers

RunAsync = Callable[[Coroutine[Any, Any, Any]], Any]


class SyncChain(KnownLengthHandler):
    """Serves a request from its scope and body on the calling thread, from `request_started` to the response.

    The caller must close the response after using its content; closing it sends `request_finished`.
    """

    def __init__(
        self,
        *,
        run_async: RunAsync,
        patches: PatchWatch | None = None,
        bridged: BridgedViews | None = None,
    ) -> None:
        """Build the chain; `run_async` runs an asynchronous view's coroutine, and `bridged` records each such view."""
        self._run_async = run_async
        # ASGIHandler.__init__() would load the asynchronous chain.
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._patches = patches
        self._bridged = bridged or BridgedViews()

    @property
    def bridged_async_views(self) -> int:
        """The number of calls of asynchronous views inside the chain so far."""
        return self._bridged.count

    def respond(self, scope: dict[str, Any], body: BinaryIO) -> HttpResponseBase:
        """Return the view's response, with its handler class set; closing the response closes the body.

        If this raises an error, the body is closed and `request_finished` is sent.
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
        # Both signals must have the sender that receivers are connected to.
        response._handler_class = ASGIHandler
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return cast("HttpResponseBase", response)

    def _respond_to(self, request: HttpRequest) -> HttpResponseBase:
        # Tools patch this method for ASGI and get_response() for WSGI; calling both would count a request twice.
        if self._patches is not None and GET_RESPONSE_ASYNC in self._patches.seen:
            response: HttpResponseBase = async_to_sync(self._respond_asynchronously)(request)
            return response
        return self.get_response(request)

    async def _respond_asynchronously(self, request: HttpRequest) -> HttpResponseBase:
        """Call the patched method on the event loop; the chain itself runs on the thread that waits for it."""
        return await self._seen_asynchronously.get_response_async(request)

    @cached_property
    def _seen_asynchronously(self) -> "SyncChain":
        """The same chain, as a coroutine function that `get_response_async` can await."""
        seen: Any = copy(self)
        seen._middleware_chain = sync_to_async(seen._middleware_chain)
        return cast("SyncChain", seen)

    def make_view_atomic(self, view: Any) -> Any:
        """Wrap the view as Django does, contain its exits, and run it on the event loop if it is asynchronous."""
        atomic = make_late_atomic(super().make_view_atomic, view)
        if _is_plain_function(atomic) or not iscoroutinefunction(atomic):
            return without_exits(atomic)
        self._bridged.note(view)
        contained = async_without_exits(atomic)
        return lambda *args, **kwargs: self._run_async(contained(*args, **kwargs))


def encoded_headers(response: HttpResponseBase) -> Headers:
    """Return the response's headers and cookies as ASGI headers."""
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in _items(response)]
    if response.cookies:
        headers += [
            (b"Set-Cookie", cookie.output(header="").encode("ascii").strip()) for cookie in response.cookies.values()
        ]
    return headers


def _items(response: HttpResponseBase) -> Iterable[tuple[str, str]]:
    """Return `response.items()`; Django's mapping calls three functions for each header, which this avoids."""
    headers = response.headers
    if type(headers) is ResponseHeaders and type(response).items is HttpResponseBase.items:
        return headers._store.values()
    return response.items()


def _is_plain_function(view: Any) -> bool:
    """Return whether the view is certainly synchronous: an undecorated function without a mark of any library."""
    return type(view) is FunctionType and not view.__dict__ and not view.__code__.co_flags & CO_COROUTINE
