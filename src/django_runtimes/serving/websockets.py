"""Tells whether an ASGI application serves websockets."""

import sys
from collections.abc import Iterator
from types import FunctionType, MemberDescriptorType, MethodType
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.urls import URLPattern, URLResolver

# More than any application has of routes, middleware and what they keep.
_MOST_LOOKED_AT = 20_000
# Starlette's are FastAPI's, too.
_SERVES_WEBSOCKETS = (
    ("starlette.routing", "WebSocketRoute"),
    ("starlette.endpoints", "WebSocketEndpoint"),
    ("engineio.async_drivers.asgi", "ASGIApp"),
)


def has_websockets(application: Any) -> bool:
    """Whether it serves websockets by Channels, Starlette or python-socketio, itself or in anything that it holds.

    A function that looks at the scope's type by itself cannot be told, nor can another framework's application.
    """
    waiting = [application]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_LOOKED_AT:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (str, bytes, ASGIHandler)):
            continue
        seen.add(id(one))
        if _routes_websockets(one):
            return True
        if not isinstance(one, type):
            waiting += _held_by(one)
    return False


def _routes_websockets(one: Any) -> bool:
    # Channels' ProtocolTypeRouter.
    mapping = getattr(one, "application_mapping", None)
    if isinstance(mapping, dict) and "websocket" in mapping:
        return True
    # What Channels' as_asgi() makes of a consumer.
    if hasattr(getattr(one, "consumer_class", None), "websocket_connect"):
        return True
    return any(isinstance(one, cls) or (isinstance(one, type) and issubclass(one, cls)) for cls in _classes())


def _classes() -> Iterator[type]:
    """The classes of what serves websockets; nobody has any where their module was not imported."""
    for module, name in _SERVES_WEBSOCKETS:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _held_by(one: Any) -> Iterator[Any]:
    if isinstance(one, dict):
        yield from one.values()
    elif isinstance(one, (list, tuple, set, frozenset)):
        yield from one
    elif isinstance(one, MethodType):
        yield from (one.__func__, *getattr(one.__self__, "__dict__", {}).values(), *_members_of(one.__self__))
    elif isinstance(one, FunctionType):
        for cell in one.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:
                # Not filled yet.
                continue
        yield from one.__defaults__ or ()
        yield from (one.__kwdefaults__ or {}).values()
        yield from one.__dict__.values()
    elif isinstance(one, (URLPattern, URLResolver)):
        # Of Channels' URLRouter.
        yield one.callback if isinstance(one, URLPattern) else one.url_patterns
    elif callable(one) or hasattr(one, "routes"):
        yield from getattr(one, "__dict__", {}).values()
        yield from _members_of(one)


def _members_of(one: Any) -> Iterator[Any]:
    """What it holds outside its dictionary: in `__slots__`, a partial's function and arguments, a method's object."""
    for kind in type(one).__mro__:
        for member in vars(kind).values():
            if isinstance(member, MemberDescriptorType):
                try:
                    yield member.__get__(one, kind)
                except AttributeError:
                    # Not filled yet.
                    continue
