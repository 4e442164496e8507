"""Serves the application below a path of its host, such as /shop."""

from django_runtimes.serving.types import Application, Receive, Scope, Send

# Load balancers request these paths from the container directly, bypassing the hop that adds or strips the base path.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


class BasePath:
    """ASGI middleware that sets `root_path` to the application's base path, such as /shop; an empty path is the root.

    `path` then begins with the base path, as ASGI requires, whether or not a hop in front strips it. With
    `is_stripped` the hop always strips it, so the base path is added even to a path that begins with it.
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
    """Return the scope of a request to an application below `base_path`."""
    # The public path does not contain the stage of an API.
    path = path_below(scope) or "/"
    below = path
    # The slash keeps /shopping from matching /shop.
    if path == base_path or path.startswith(f"{base_path}/"):
        below = path[len(base_path) :]
    if path in HEALTH_PATHS or (is_stripped and below not in HEALTH_PATHS):
        below = path
    # A request for the base path itself, without a slash, gets its root.
    return {**scope, "path": base_path + (below or "/"), "root_path": base_path}


def path_below(scope: Scope) -> str:
    """Return the path below the base path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")
