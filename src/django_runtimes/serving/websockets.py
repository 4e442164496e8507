"""Detects whether an ASGI application serves websockets."""

import gc
import inspect
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any

from django.core.handlers.asgi import ASGIHandler

# This is more than the number of an application's routes, middleware and the objects that they hold.
_MAX_OBJECTS = 20_000
# FastAPI uses Starlette's classes.
_WEBSOCKET_CLASSES = (
    ("starlette.routing", "WebSocketRoute"),
    ("starlette.endpoints", "WebSocketEndpoint"),
    ("engineio.async_drivers.asgi", "ASGIApp"),
)
# A module, a frame or a class refers to objects of the whole process, not only of the application.
_BOUNDARIES = (
    *(ASGIHandler, ModuleType, type, CodeType),
    *(FrameType, GeneratorType, CoroutineType, AsyncGeneratorType),
)
_DATA = (str, bytes, bytearray, int, float)


def has_websockets(application: Any) -> bool:
    """Return whether an application, or an object in it, serves websockets with Channels, Starlette or python-socketio.

    This does not recognize a function that checks the scope's type itself, or another framework's application. The
    search runs no code of the objects: it evaluates no properties, proxies or lazy objects.
    """
    classes = tuple(_classes())
    # The search is breadth-first, because routes are nearer than the objects that their endpoints hold.
    waiting = deque([application])
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_OBJECTS:
        one = waiting.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _serves_websockets(one, classes):
            return True
        # With a proxy, isinstance() would check the object behind it.
        if not issubclass(type(one), _BOUNDARIES):
            waiting.extend(held for held in _referents_of(one) if not issubclass(type(held), _DATA))
    return False


def _classes() -> Iterator[type]:
    """Yield the classes that serve websockets; one whose module was not imported has no instances."""
    for module, name in _WEBSOCKET_CLASSES:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _serves_websockets(one: Any, classes: tuple[type, ...]) -> bool:
    kind = type(one)
    if issubclass(kind, type):
        # In Starlette an endpoint's class is itself an application.
        return issubclass(one, classes)
    if issubclass(kind, FunctionType):
        # Channels' as_asgi() turns a consumer into such a function.
        consumer = one.__dict__.get("consumer_class")
        return issubclass(type(consumer), type) and any("websocket_connect" in vars(each) for each in consumer.__mro__)
    return issubclass(kind, classes) or _routes_protocol(one)


def _routes_protocol(one: Any) -> bool:
    routing = sys.modules.get("channels.routing")
    if routing is None or not issubclass(type(one), routing.ProtocolTypeRouter):
        return False
    mapping = inspect.getattr_static(one, "application_mapping", None)
    return issubclass(type(mapping), dict) and dict.__contains__(mapping, "websocket")


def _referents_of(one: Any) -> Iterable[Any]:
    """Return the objects that `one` holds, such as attributes, items, a partial's arguments and a closure's cells."""
    if not issubclass(type(one), FunctionType):
        return gc.get_referents(one)
    # gc would also return the globals of the function's module.
    parts = (one.__closure__, one.__defaults__, one.__kwdefaults__, one.__dict__)
    return [part for part in parts if part is not None]
