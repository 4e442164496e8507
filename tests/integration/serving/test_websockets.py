"""Websocket routes are found anywhere in a composed application, without evaluating its objects."""

from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any
from xmlrpc.client import ServerProxy

import pytest
import socketio
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from django.utils.functional import SimpleLazyObject
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Router, WebSocketRoute
from werkzeug.local import Local, LocalProxy

from django_runtimes.serving.websockets import has_websockets


def _fastapi(*, websocket: bool) -> FastAPI:
    application = FastAPI()

    @application.get("/")
    async def page() -> str:
        return ""

    if websocket:

        @application.websocket("/echo")
        async def echo(socket: WebSocket) -> None:
            await socket.accept()

    return application


def _with_router() -> FastAPI:
    router, application = APIRouter(), FastAPI()
    router.websocket("/echo")(_echo)
    application.include_router(router)
    return application


class _Wrapper:
    def __init__(self, application):
        self._application = application

    async def __call__(self, scope, receive, send):
        await self._application(scope, receive, send)


class _Slotted:
    __slots__ = ("__application", "later")

    def __init__(self, application):
        self.__application = application

    async def __call__(self, scope, receive, send):
        await self.__application(scope, receive, send)


class _SlottedBelow(_Slotted):
    __slots__ = ()


async def _middleware(application, scope, receive, send):
    await application(scope, receive, send)


def _by_default(application):
    async def wrapper(scope, receive, send, *, application=application):
        await application(scope, receive, send)

    return wrapper


def _wrapped(application):
    async def wrapper(scope, receive, send):
        await application(scope, receive, send)

    return wrapper


async def _echo(socket: WebSocket) -> None:
    await socket.accept()


class _Consumer(AsyncWebsocketConsumer):
    pass


class _HttpConsumer(AsyncHttpConsumer):
    pass


class _Endpoint(WebSocketEndpoint):
    pass


class _Dispatcher:
    """Has a method that is an application, but is not callable itself."""

    def __init__(self, application):
        self.applications = {"websocket": application}

    async def serve(self, scope, receive, send):
        await self.applications[scope["type"]](scope, receive, send)


@dataclass
class _Table:
    """Holds applications, but is not an application itself."""

    http: Any
    websocket: Any


class _Split:
    def __init__(self, app, websocket):
        self.applications = {"http": app, "websocket": websocket}

    async def __call__(self, scope, receive, send):
        await self.applications[scope["type"]](scope, receive, send)


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        (ProtocolTypeRouter({"http": _fastapi(websocket=False)}), False),
        (_Wrapper(_Consumer.as_asgi()), True),
        (_Wrapper(_HttpConsumer.as_asgi()), False),
        (_Wrapper(URLRouter([path("a/", URLRouter([path("b", _Consumer.as_asgi())]))])), True),
        (_Wrapper(URLRouter([path("a", _HttpConsumer.as_asgi())])), False),
        (_Dispatcher(_Consumer.as_asgi()).serve, True),
        (_Dispatcher(_HttpConsumer.as_asgi()).serve, False),
        (Router([Mount("/ws", _Consumer.as_asgi())]), True),
        (Router([Mount("/ws", _Endpoint)]), True),
        (ProtocolTypeRouter({"http": _fastapi(websocket=False), "websocket": _echo}), True),
        (ProtocolTypeRouter({"http": _fastapi(websocket=True)}), True),
        (_fastapi(websocket=False), False),
        (_fastapi(websocket=True), True),
        (Router([Mount("/api", _fastapi(websocket=True))]), True),
        (Router([Mount("/api", routes=[WebSocketRoute("/echo", _echo)])]), True),
        (GZipMiddleware(_fastapi(websocket=True)), True),
        (_with_router(), True),
        (Router([Mount("/api", _with_router())]), True),
        (_Wrapper(_fastapi(websocket=True)), True),
        (_Wrapper(_fastapi(websocket=False)), False),
        (_wrapped(_fastapi(websocket=True)), True),
        (_wrapped(_fastapi(websocket=False)), False),
        (GZipMiddleware(_fastapi(websocket=False)), False),
        (partial(_middleware, ProtocolTypeRouter({"websocket": _echo})), True),
        (partial(_middleware, application=_fastapi(websocket=True)), True),
        (partial(_Wrapper(_fastapi(websocket=True))), True),
        (partial(_middleware, _fastapi(websocket=False)), False),
        (_Slotted(_fastapi(websocket=True)), True),
        (_Slotted(_fastapi(websocket=False)), False),
        (_SlottedBelow(_fastapi(websocket=True)), True),
        (_Slotted(_fastapi(websocket=True)).__call__, True),
        (_by_default(_fastapi(websocket=True)), True),
        (lambda scope, receive, send: None, False),
        (_Wrapper(socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))), True),
        (_Wrapper(_Table(_echo, websocket=URLRouter([path("a", _Consumer.as_asgi())]))), True),
        (_Wrapper(_Table(_echo, websocket=URLRouter([path("a", _HttpConsumer.as_asgi())]))), False),
        (_Wrapper(MappingProxyType({"websocket": _Consumer.as_asgi()})), True),
        (_Wrapper(lru_cache(_wrapped(_Consumer.as_asgi()))), True),
        (Starlette(middleware=[Middleware(_Split, websocket=URLRouter([path("a", _Consumer.as_asgi())]))]), True),
        (Starlette(middleware=[Middleware(_Split, websocket=_HttpConsumer.as_asgi())]), False),
    ],
)
def test_websockets_are_found_wherever_they_are_routed(application, expected):
    assert has_websockets(application) is expected


class _Unusable:
    """Raises on every attribute access."""

    def __getattribute__(self, name):
        raise RuntimeError(f"asked for {name}")

    __bool__ = __eq__ = __hash__ = __iter__ = __len__ = None


class _Lying:
    """Has a value for every attribute."""

    def __getattr__(self, name):
        return {"websocket": _echo}


class _Property:
    @property
    def routes(self):
        pytest.fail("was evaluated")

    application_mapping = consumer_class = routes


def _evaluated():
    pytest.fail("was evaluated")


@pytest.mark.parametrize(
    "make",
    [
        partial(LocalProxy, Local(), "request", unbound_message="Not within a request context"),
        partial(SimpleLazyObject, _evaluated),
        partial(ServerProxy, "http://127.0.0.1:1/"),
        _Unusable,
        _Lying,
        _Property,
    ],
    ids=["werkzeug", "django", "xmlrpc", "raises", "answers", "property"],
)
def test_objects_of_an_application_are_not_evaluated(make):
    kept = make()

    assert has_websockets(kept) is False
    assert has_websockets(_wrapped(_Table(kept, [kept]))) is False
    assert has_websockets(_wrapped(_Table(kept, _Consumer.as_asgi()))) is True


def test_a_route_is_found_among_more_objects_than_are_searched():
    application = _Wrapper(_fastapi(websocket=True))
    application.rows = list(range(30_000))

    assert has_websockets(application)
