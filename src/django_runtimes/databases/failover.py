"""Closes connections to a server that a failover has made read-only."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.databases.interface.engine_registry import engine_of


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receive `connection_created`, and evict the connection once a statement fails because the server is read-only.

    A connection to a read-only server passes every health check, so nothing else would close it.
    """
    # Only this project's engines have this method.
    if hasattr(connection, "evict") and _evict_when_read_only not in connection.execute_wrappers:
        # The wrapper is inserted first, because Django's `execute_wrapper` removes the last one at the end of its
        # block.
        connection.execute_wrappers.insert(0, _evict_when_read_only)


def _evict_when_read_only(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001  (Django's signature)
    context: dict[str, Any],
) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        connection = context["connection"]
        engine = engine_of(connection)
        if engine is not None and engine.is_read_only(error.__cause__):
            connection.evict()
        raise
