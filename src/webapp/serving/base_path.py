"""Serves the application under a path of its host."""

from collections.abc import Callable
from typing import Any

Scope = dict[str, Any]
Application = Callable[..., Any]


class BasePath:
    """ASGI middleware that says by `root_path` where the application lives, as /shop; the empty path is the root.

    A hop in front may strip the base path or not: `path` begins with it in either case, as ASGI demands.
    """

    def __init__(self, application: Application, base_path: str) -> None:
        self._application = application
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Application, send: Application) -> None:
        if self._base_path and scope["type"] != "lifespan":
            scope = under_base_path(scope, self._base_path)
        await self._application(scope, receive, send)


def under_base_path(scope: Scope, base_path: str) -> Scope:
    """The scope of a request to an application that lives under `base_path`."""
    # An API's stage in the path is no part of the public one.
    path = path_below(scope) or "/"
    # The base path alone means its root; /shopping is not below /shop.
    if path == base_path:
        path += "/"
    elif not path.startswith(f"{base_path}/"):
        path = base_path + path
    return {**scope, "path": path, "root_path": base_path}


def path_below(scope: Scope) -> str:
    """The path below the base path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")
