"""Tells whether an ASGI application serves websockets."""

import gc
import inspect
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any

from django.core.handlers.asgi import ASGIHandler

# More than any application has of routes, middleware and what they keep.
_MOST_LOOKED_AT = 20_000
# Starlette's are FastAPI's, too.
_SERVES_WEBSOCKETS = (
    ("starlette.routing", "WebSocketRoute"),
    ("starlette.endpoints", "WebSocketEndpoint"),
    ("engineio.async_drivers.asgi", "ASGIApp"),
)
# Behind a module, a frame or a class lies the whole process, not the application.
_BOUNDARIES = (
    *(ASGIHandler, ModuleType, type, CodeType),
    *(FrameType, GeneratorType, CoroutineType, AsyncGeneratorType),
)
_DATA = (str, bytes, bytearray, int, float)


def has_websockets(application: Any) -> bool:
    """Whether it serves websockets by Channels, Starlette or python-socketio, itself or in anything that it holds.

    A function that looks at the scope's type by itself cannot be told, nor can another framework's application. No
    code of what is looked at runs: properties, proxies and lazy objects are not evaluated.
    """
    classes = tuple(_classes())
    # The nearest first: routes stand above what their endpoints hold.
    waiting = deque([application])
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_LOOKED_AT:
        one = waiting.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _serves_websockets(one, classes):
            return True
        # A proxy answers isinstance() for what it stands for.
        if not issubclass(type(one), _BOUNDARIES):
            waiting.extend(held for held in _held_by(one) if not issubclass(type(held), _DATA))
    return False


def _classes() -> Iterator[type]:
    """The classes of what serves websockets; nobody has any where their module was not imported."""
    for module, name in _SERVES_WEBSOCKETS:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _serves_websockets(one: Any, classes: tuple[type, ...]) -> bool:
    kind = type(one)
    if issubclass(kind, type):
        # Starlette takes the class of an endpoint for its application.
        return issubclass(one, classes)
    if issubclass(kind, FunctionType):
        # What Channels' as_asgi() makes of a consumer.
        consumer = one.__dict__.get("consumer_class")
        return issubclass(type(consumer), type) and any("websocket_connect" in vars(each) for each in consumer.__mro__)
    return issubclass(kind, classes) or _routes_protocol(one)


def _routes_protocol(one: Any) -> bool:
    routing = sys.modules.get("channels.routing")
    if routing is None or not issubclass(type(one), routing.ProtocolTypeRouter):
        return False
    mapping = inspect.getattr_static(one, "application_mapping", None)
    return issubclass(type(mapping), dict) and dict.__contains__(mapping, "websocket")


def _held_by(one: Any) -> Iterable[Any]:
    """What it refers to: attributes, items, slots, a partial's arguments, a method's object, a closure's cells."""
    if not issubclass(type(one), FunctionType):
        return gc.get_referents(one)
    # Without the globals of its module.
    parts = (one.__closure__, one.__defaults__, one.__kwdefaults__, one.__dict__)
    return [part for part in parts if part is not None]
