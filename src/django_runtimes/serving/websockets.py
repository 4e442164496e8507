"""Tells whether an ASGI application serves websockets."""

import sys
from collections.abc import Iterator
from types import FunctionType, MemberDescriptorType
from typing import Any

from django.core.handlers.asgi import ASGIHandler

# More than any application has of routes, middleware and what they keep.
_MOST_LOOKED_AT = 20_000


def has_websockets(application: Any) -> bool:
    """Whether it is Channels' or Starlette's and routes websockets, itself or in anything that it holds.

    A function that looks at the scope's type by itself cannot be told.
    """
    waiting = [application]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_LOOKED_AT:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (str, bytes, type, ASGIHandler)):
            continue
        seen.add(id(one))
        if _routes_websockets(one):
            return True
        waiting += _held_by(one)
    return False


def _routes_websockets(one: Any) -> bool:
    # Channels' ProtocolTypeRouter.
    mapping = getattr(one, "application_mapping", None)
    if isinstance(mapping, dict) and "websocket" in mapping:
        return True
    # Starlette's, and so FastAPI's; nobody has any where it was not imported.
    routing = sys.modules.get("starlette.routing")
    return routing is not None and isinstance(one, routing.WebSocketRoute)


def _held_by(one: Any) -> Iterator[Any]:
    if isinstance(one, dict):
        yield from one.values()
    elif isinstance(one, (list, tuple, set, frozenset)):
        yield from one
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
