"""System checks for contradictory database settings, from variables or from the project."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.values.connection_strategy import Persistent, Pool, Route, connections_of
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.database_connections import DB_MAX_AGE_S
from django_runtimes.databases.data_api.utc_names import UTC_NAMES


def check_pool_without_age(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each pool with a CONN_MAX_AGE, which Django refuses at the first query."""
    return [
        Error(
            f"DATABASES[{alias!r}] has a pool and CONN_MAX_AGE={database['CONN_MAX_AGE']!r}.",
            hint="A thread that keeps its connection never gives it back to the pool: set CONN_MAX_AGE to 0, or choose "
            "a strategy without a pool (WEBAPP_DB_STRATEGY).",
            id="webapp.E010",
        )
        for alias, database in settings.DATABASES.items()
        if isinstance(connections_of(database), Pool) and database.get("CONN_MAX_AGE", 0) != 0
    ]


def check_lambda_route(**kwargs: Any) -> list[CheckMessage]:
    """Return an error on Lambda when connections bypass the proxy and WEBAPP_DB_ROUTE does not allow that."""
    database = settings.DATABASES.get("default", {})
    if (
        adopted_by(settings).runtime is not Runtime.AWS_LAMBDA
        or not _is_proxied()
        or database.get("HOST") == adopted_by(settings).proxy_host
    ):
        return []
    return [
        Error(
            f"DATABASES['default'] connects to {database.get('HOST')!r}, not to WEBAPP_DB_PROXY_HOST, and on Lambda "
            "every concurrent invocation would open a connection there.",
            hint="Connect to the proxy, or set WEBAPP_DB_ROUTE=direct if this is intended.",
            id="webapp.E011",
        )
    ]


def check_cursors_through_proxy(**kwargs: Any) -> list[CheckMessage]:
    """Return an error when iterators would use server-side cursors through a proxy."""
    if not _is_proxied() or settings.DATABASES.get("default", {}).get("DISABLE_SERVER_SIDE_CURSORS", False):
        return []
    return [
        Error(
            "DATABASES['default'] allows server-side cursors on the proxy route, where the next query may reach a "
            "server connection without the cursor.",
            hint="Set DISABLE_SERVER_SIDE_CURSORS to True.",
            id="webapp.E012",
        )
    ]


def check_threads_have_connections(**kwargs: Any) -> list[CheckMessage]:
    """Return a warning for containers with more threads than the pool has connections."""
    connections = connections_of(settings.DATABASES.get("default", {}))
    adopted = adopted_by(settings)
    if not isinstance(connections, Pool) or adopted.runtime is Runtime.AWS_LAMBDA:
        return []
    waiting = adopted.profile.threads - connections.max_size
    if waiting <= 0:
        return []
    return [
        CheckWarning(
            f"{adopted.profile.threads} threads share a pool of {connections.max_size} connections, so "
            f"{waiting} of them may wait for one.",
            hint="Unset WEBAPP_THREADS, or raise WEBAPP_DB_POOL_MAX_SIZE.",
            id="webapp.W013",
        )
    ]


def check_ignored_variables(**kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each variable that another variable overrides."""
    # A further database may have an engine without the strategy of `default`.
    keeps_connections = any(
        "ROUTE" in database and isinstance(connections_of(database), Persistent)
        for database in settings.DATABASES.values()
    )
    return [
        CheckWarning(
            f"{name} is set and has no effect: {reason}.",
            hint="Unset it, or change the setting that overrides it.",
            id="webapp.W014",
        )
        for name, reason in adopted_by(settings).ignored_variables
        if not (name == DB_MAX_AGE_S.name and keeps_connections)
    ]


def check_time_zones_on_data_api(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each database on the route data_api whose sessions would have another time zone than UTC."""
    own_zone = None if settings.USE_TZ else settings.TIME_ZONE
    zones = {
        alias: own_zone or database.get("TIME_ZONE") or "UTC"
        for alias, database in settings.DATABASES.items()
        if database.get("ROUTE") == Route.DATA_API
    }
    return [
        Error(
            f"DATABASES[{alias!r}] has the time zone {zone!r} on the route data_api, whose sessions are in UTC.",
            hint="Set USE_TZ to True and remove TIME_ZONE from DATABASES, or set TIME_ZONE to 'UTC'.",
            id="webapp.E020",
        )
        for alias, zone in zones.items()
        if zone not in UTC_NAMES
    ]


CHECKS = (
    check_pool_without_age,
    check_lambda_route,
    check_cursors_through_proxy,
    check_threads_have_connections,
    check_ignored_variables,
    check_time_zones_on_data_api,
)


def _is_proxied() -> bool:
    return adopted_by(settings).profile.route is Route.PROXY  # operations always use the direct route
