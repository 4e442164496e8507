"""Serves the application under a path of its host."""

from django_runtimes.serving.types import Application, Receive, Scope, Send

# Load balancers ask for them at the container itself, past the hop that adds or strips the base path.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


class BasePath:
    """ASGI middleware that says by `root_path` where the application lives, as /shop; the empty path is the root.

    A hop in front may strip the base path or not: `path` begins with it in either case, as ASGI demands. Where
    `is_stripped`, it always does, and a path that begins with the base path begins with it twice for users.
    """

    def __init__(self, application: Application, base_path: str, *, is_stripped: bool = False) -> None:
        self._application = application
        self._base_path = base_path
        self._is_stripped = is_stripped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._base_path and scope["type"] != "lifespan":
            scope = under_base_path(scope, self._base_path, is_stripped=self._is_stripped)
        await self._application(scope, receive, send)


def under_base_path(scope: Scope, base_path: str, *, is_stripped: bool = False) -> Scope:
    """The scope of a request to an application that lives under `base_path`."""
    # An API's stage in the path is no part of the public one.
    path = path_below(scope) or "/"
    below = path
    # /shopping is not below /shop.
    if path == base_path or path.startswith(f"{base_path}/"):
        below = path[len(base_path) :]
    if path in HEALTH_PATHS or (is_stripped and below not in HEALTH_PATHS):
        below = path
    # The base path alone means its root.
    return {**scope, "path": base_path + (below or "/"), "root_path": base_path}


def path_below(scope: Scope) -> str:
    """The path below the base path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")
