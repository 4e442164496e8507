"""Times the queries of observed requests."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from django_runtimes.serving.observed import current_observation


def time_queries() -> None:
    """Time the queries of every connection that this process opens from now on."""
    connection_created.connect(_time_queries_of)


def _time_queries_of(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    wrappers = connection.execute_wrappers
    if _timed not in wrappers:
        # An application's execute_wrapper() block removes the last wrapper, which must be its own.
        wrappers.insert(0, _timed)


def _timed(execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: dict[str, Any]) -> Any:
    observed = current_observation.get()
    if observed is None:
        return execute(sql, params, many, context)
    begins_ns = perf_counter_ns()
    try:
        return execute(sql, params, many, context)
    finally:
        observed.note_query(perf_counter_ns() - begins_ns)
