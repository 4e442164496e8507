"""Separates the requests of applications around Django's handler from each other."""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import suppress

from asgiref.sync import SyncToAsync
from django.http import HttpRequest

from django_runtimes.serving.asgi.answer import Answer
from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler, plain_refusal
from django_runtimes.serving.asgi.sync_chain import encoded_headers
from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.asgi.threads.request_calls import RequestCalls
from django_runtimes.serving.current_request import Request, current_request
from django_runtimes.serving.types import Application, Message, Receive, Scope, Send

# RFC 6455's registry: "try again later".
_TRY_AGAIN_LATER = 1013
# What a request on Lambda has left is closed before the process is frozen, unless a call goes on for longer.
_LONGEST_END_S = 1.0


class ComposedRequests:
    """ASGI middleware that gives each request and websocket its identity, and thread-sensitive calls of its own.

    The calls share the threads of the handler's streams. One that finds no thread in time ends its request like
    Django's that are refused: with 503, or a websocket with 1013.
    """

    def __init__(self, application: Application, handler: OneHopASGIHandler) -> None:
        self._application = application
        self._handler = handler
        self._calls = RequestCalls(handler.leases, shares=handler.may_share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the lifespan is no request."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        request, outer = Request(), current_request.get()
        current_request.set(request)
        token = SyncToAsync.thread_sensitive_context.set(self._calls.context)
        try:
            serve = self._serve_websocket if scope["type"] == "websocket" else self._serve_http
            await serve(scope, receive, send)
        finally:
            ending = self._calls.end(request)
            request.end()
            # Not reset(), which fails where a task that nobody awaited is collected.
            current_request.set(outer)
            # asgiref asks whether there is a value, so None would not do.
            with suppress(ValueError):
                SyncToAsync.thread_sensitive_context.reset(token)
            if ending is not None and not self._handler.may_share:
                await asyncio.wait([asyncio.wrap_future(ending)], timeout=_LONGEST_END_S)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = is_refused = False

        # Not a coroutine of its own, which every message would pay for.
        def send_or_refuse(message: Message) -> Awaitable[None]:
            nonlocal has_begun, is_refused
            if is_refused:
                return _nothing()
            if not has_begun:
                has_begun = True
                # Starlette answers an error before it raises it.
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

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent: set[str] = set()

        def note_and_send(message: Message) -> Awaitable[None]:
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


async def _nothing() -> None:
    """Drop a message of a response that was replaced."""
