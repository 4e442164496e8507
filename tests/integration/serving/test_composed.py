"""Applications beside Django's: their lifespan, and what of them Lambda cannot serve."""

import logging
from functools import partial

import pytest
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.endpoints import WebSocketEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Router, WebSocketRoute

from django_runtimes.serving.composed import ComposedLifespan, StartupFailedError
from django_runtimes.serving.websockets import has_websockets


def application_of(*answers, after=None):
    """One that answers the start and the end so, then raises `after`."""

    async def application(scope, receive, send):
        scope["state"]["opened"] = 1
        for answer in answers:
            await receive()
            await send({"type": f"lifespan.{answer}"})
        if after is not None:
            raise after

    return application


async def test_an_application_is_told_of_its_start_and_its_end():
    lifespan = ComposedLifespan(application_of("startup.complete", "shutdown.complete"))

    await lifespan.start()
    assert lifespan.state == {"opened": 1}
    await lifespan.end()


async def test_one_that_knows_no_lifespan_is_left_alone(caplog):
    lifespan = ComposedLifespan(application_of(after=ValueError("unknown scope")))

    await lifespan.start()
    await lifespan.end()

    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_one_that_returns_at_once_is_left_alone():
    lifespan = ComposedLifespan(application_of())

    await lifespan.start()
    await lifespan.end()


async def test_a_start_that_fails_says_why():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no broker"})
        raise ConnectionError("no broker")

    with pytest.raises(StartupFailedError, match="no broker"):
        await ComposedLifespan(application).start()


@pytest.mark.parametrize("answers", [["startup.complete"], ["startup.complete", "shutdown.failed"]])
async def test_an_end_that_fails_is_logged(caplog, answers):
    lifespan = ComposedLifespan(application_of(*answers, after=OSError("the disk is full")))
    await lifespan.start()

    await lifespan.end()

    assert "the application's shutdown failed" in caplog.text
    assert "the disk is full" in caplog.text


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
    """Not an application itself: its method is."""

    def __init__(self, application):
        self.applications = {"websocket": application}

    async def serve(self, scope, receive, send):
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
    ],
)
def test_websockets_are_found_wherever_they_are_routed(application, expected):
    assert has_websockets(application) is expected
