"""Tells whether an ASGI application serves websockets."""

import sys
from typing import Any

# How deep middleware may be nested around the application that routes.
_DEEPEST = 20


def has_websockets(application: Any) -> bool:
    """Whether it is Channels' or Starlette's and routes websockets, itself or in what it mounts or wraps."""
    return _has_websockets(application, _DEEPEST)


def _has_websockets(application: Any, depth: int) -> bool:
    if depth == 0:
        return False
    # Channels' ProtocolTypeRouter.
    mapping = getattr(application, "application_mapping", None)
    if isinstance(mapping, dict):
        return "websocket" in mapping or any(_has_websockets(one, depth - 1) for one in mapping.values())
    # Starlette's applications, routers and mounts, and so FastAPI's; nobody has any where it was not imported.
    routing = sys.modules.get("starlette.routing")
    if routing is not None and isinstance(application, routing.WebSocketRoute):
        return True
    inner = [getattr(application, name, None) for name in ("app", "application", "inner")]
    routes = getattr(application, "routes", None)
    if isinstance(routes, list):
        inner += routes
    return any(_has_websockets(one, depth - 1) for one in inner if one is not None and one is not application)
