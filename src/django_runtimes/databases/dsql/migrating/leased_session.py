"""The migrating session: no statement without the lease, and statements of their own are repeated after a conflict."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django_runtimes.databases.dsql.base import DatabaseWrapper
from django_runtimes.databases.dsql.transactions.conflicts import repeated


@contextmanager
def leased_session(connection: Any) -> Iterator[None]:
    """Check the lease before each statement of the block.

    A finished job changes the schema, so that any later statement may conflict with it once.
    """
    wrapper: DatabaseWrapper = connection

    def execute_with_lease(
        execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: dict[str, Any]
    ) -> Any:
        if wrapper.migration_lease is not None:
            wrapper.migration_lease.require_valid()
        if wrapper.in_atomic_block:
            return execute(sql, params, many, context)
        return repeated(lambda: execute(sql, params, many, context), using=wrapper.alias)

    # The session's settings are those of other sessions, since the service has no timeouts to remove.
    with wrapper.execute_wrapper(execute_with_lease):
        yield
