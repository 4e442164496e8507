"""Keeps the requests of an application around Django's handler isolated from each other."""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import suppress

from asgiref.sync import SyncToAsync
from django.http import HttpRequest

from django_runtimes.serving.asgi.answer import Answer
from django_runtimes.serving.asgi.chains.sync_chain import encoded_headers
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.plain_refusal import plain_refusal
from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.asgi.threads.request_calls import RequestCalls
from django_runtimes.serving.current_request import Request, current_request
from django_runtimes.serving.types import Application, Message, Receive, Scope, Send

# The code for "try again later" in the registry of RFC 6455.
_TRY_AGAIN_LATER = 1013
# On Lambda, a request's leftovers are closed before the process freezes, unless a call runs for longer than this.
_MAX_END_S = 1.0
# After these messages, a websocket's client decides how long its cursors stay open.
_OPEN = frozenset({"websocket.accept", "websocket.send"})


class ComposedRequests:
    """ASGI middleware that gives each request and websocket an identity and its own thread-sensitive calls.

    The calls share the threads of the handler's streams. A call that gets no thread in time ends its HTTP request with
    the handler's 503, or its websocket with code 1013.
    """

    def __init__(self, application: Application, handler: OneHopASGIHandler) -> None:
        self._application = application
        self._handler = handler
        self._calls = RequestCalls(handler.leases, shares=handler.may_share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass a lifespan on unchanged."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        request, outer = Request(), current_request.get()
        current_request.set(request)
        token = SyncToAsync.thread_sensitive_context.set(self._calls.context)
        try:
            serve = self._serve_websocket if scope["type"] == "websocket" else self._serve_http
            await serve(request, scope, receive, send)
        finally:
            ending = self._calls.end(request)
            request.end()
            # reset() fails when a task that was never awaited is garbage-collected.
            current_request.set(outer)
            # asgiref checks whether a value is set, so setting None would not be enough.
            with suppress(ValueError):
                SyncToAsync.thread_sensitive_context.reset(token)
            if ending is not None and not self._handler.may_share:
                await asyncio.wait([asyncio.wrap_future(ending)], timeout=_MAX_END_S)

    async def _serve_http(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = is_refused = False

        # This is a plain function, because a coroutine would take time for every message.
        def send_or_refuse(message: Message) -> Awaitable[None]:
            nonlocal has_begun, is_refused
            if is_refused:
                return _drop()
            request.is_streaming = message["type"] == "http.response.start" or message.get("more_body", False)
            if not has_begun:
                has_begun = True
                # Starlette sends its response to an error before it raises the error.
                if message.get("status") == 500 and _is_overload(sys.exception()):
                    is_refused = True
                    return self._handler.refusal(scope).send(send)
            return send(message)

        try:
            await self._application(scope, receive, send_or_refuse)
        except Exception as error:
            if not _is_overload(error) or (has_begun and not is_refused):
                raise
            if not is_refused:
                await self._handler.refusal(scope).send(send)

    async def _serve_websocket(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        sent: set[str] = set()

        def note_and_send(message: Message) -> Awaitable[None]:
            request.is_streaming = message["type"] in _OPEN
            sent.add(message["type"])
            return send(message)

        try:
            await self._application(scope, receive, note_and_send)
        except Exception as error:
            if not _is_overload(error):
                raise
            if "websocket.close" in sent or "websocket.http.response.start" in sent:
                return
            if "websocket.accept" in sent:
                await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER, "reason": "try again later"})
            else:
                await _refuse_handshake(scope, send)


def _is_overload(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.split(OverloadedError)[1] is None
    return isinstance(error, OverloadedError)


async def _refuse_handshake(scope: Scope, send: Send) -> None:
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
        return
    response = plain_refusal(HttpRequest())
    await Answer(response.status_code, encoded_headers(response), response.content).send(
        lambda message: send({**message, "type": f"websocket.{message['type']}"})
    )


async def _drop() -> None:
    """Drop a message of a response that the refusal has replaced."""
