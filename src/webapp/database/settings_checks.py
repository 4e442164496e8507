"""System checks of settings that contradict each other, however DATABASES came about."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from webapp.config.connections import Route
from webapp.config.runtime import Runtime

# min_size of a psycopg pool, and max_size where none is given.
_PSYCOPG_POOL_SIZE = 4


def check_pool_without_age(**kwargs: Any) -> list[CheckMessage]:
    """An error for each pool whose connections would also be kept by threads, which Django refuses at the first use."""
    return [
        Error(
            f"DATABASES[{alias!r}] has a pool and CONN_MAX_AGE={database['CONN_MAX_AGE']!r}.",
            hint="A thread that keeps its connection gives none back: set CONN_MAX_AGE to 0 or leave the pool out "
            "(WEBAPP_DB_STRATEGY).",
            id="webapp.E010",
        )
        for alias, database in settings.DATABASES.items()
        if _pool(database) is not None and database.get("CONN_MAX_AGE", 0) != 0
    ]


def check_lambda_route(**kwargs: Any) -> list[CheckMessage]:
    """An error on Lambda when the database is no proxy and nobody said that this is meant."""
    database = settings.DATABASES.get("default", {})
    if (
        settings.RUNTIME_DETECTION.runtime is not Runtime.AWS_LAMBDA
        or not _is_proxied()
        or database.get("HOST") == settings.DATABASE_PROXY_HOST
    ):
        return []
    return [
        Error(
            f"DATABASES['default'] goes to {database.get('HOST')!r}, which is not WEBAPP_DB_PROXY_HOST, and on Lambda "
            "every concurrent invocation would open a connection there.",
            hint="Go through the proxy, or say that this is meant with WEBAPP_DB_ROUTE=direct.",
            id="webapp.E011",
        )
    ]


def check_cursors_through_proxy(**kwargs: Any) -> list[CheckMessage]:
    """An error on the proxy route when iterators would leave a cursor on one of the proxy's connections."""
    if not _is_proxied() or settings.DATABASES.get("default", {}).get("DISABLE_SERVER_SIDE_CURSORS", False):
        return []
    return [
        Error(
            "DATABASES['default'] has server-side cursors on the proxy route, where the next query may reach another "
            "server connection than the cursor's.",
            hint="Set DISABLE_SERVER_SIDE_CURSORS to True.",
            id="webapp.E012",
        )
    ]


def check_threads_have_connections(**kwargs: Any) -> list[CheckMessage]:
    """A warning when more threads serve than the pool has connections, in containers."""
    pool = _pool(settings.DATABASES.get("default", {}))
    if pool is None or settings.RUNTIME_DETECTION.runtime is Runtime.AWS_LAMBDA:
        return []
    size = pool.get("max_size") or pool.get("min_size", _PSYCOPG_POOL_SIZE)
    waiting = settings.SERVING_THREADS - size
    if waiting <= 0:
        return []
    return [
        CheckWarning(
            f"{settings.SERVING_THREADS} threads share a pool of {size} connections, so that "
            f"{waiting} of them may wait for one.",
            hint="Leave WEBAPP_THREADS out, or raise WEBAPP_DB_POOL_MAX_SIZE.",
            id="webapp.W013",
        )
    ]


CHECKS = (check_pool_without_age, check_lambda_route, check_cursors_through_proxy, check_threads_have_connections)


def _pool(database: dict[str, Any]) -> dict[str, Any] | None:
    """The pool's options, which Django takes from a dictionary or, for all of psycopg's defaults, from True."""
    pool = database.get("OPTIONS", {}).get("pool")
    if not pool:
        return None
    return {} if pool is True else pool


def _is_proxied() -> bool:
    return settings.PROFILE.route is Route.PROXY  # operations always go direct
