"""Prepares each transaction of a migration: no timeouts, and a short wait for other sessions' locks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import LockNotAvailable

from django_runtimes.databases.interface.migration_lock import lost_to_another
from django_runtimes.databases.postgresql.administration.migration_session import lock_not_available
from django_runtimes.databases.postgresql.administration.session_lock import LOCK_KEY

_PREPARE = """
SELECT pg_try_advisory_xact_lock_shared(%s),
       set_config('lock_timeout', %s, true),
       set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true)
"""


@contextmanager
def transaction_session(connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> Iterator[None]:
    """Make every transaction of `connection` share the migration lock, and remove its timeouts except `lock_timeout_s`.

    A statement outside a transaction keeps the role's timeouts, since the service keeps no setting from one call to
    the next. When `lock_timeout_s` expires, raise CommandError with the statement and the sessions that probably block
    it.
    """
    transactions = _PreparedTransactions(lock_timeout_s)
    try:
        with connection.execute_wrapper(transactions):
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise lock_not_available(connection, transactions.last, error.__cause__, lock_timeout_s) from error


class _PreparedTransactions:
    """Prepares a transaction before its first statement, and remembers the last statement."""

    def __init__(self, lock_timeout_s: int) -> None:
        self._lock_timeout_s = lock_timeout_s
        self.last = ""

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: object,
        params: object,
        many: object,
        context: dict[str, Any],
    ) -> Any:
        connection = context["connection"]
        if connection.in_atomic_block and not self._is_prepared(connection):
            self._prepare(connection)
        self.last = str(sql)
        return execute(sql, params, many, context)

    def _is_prepared(self, connection: BaseDatabaseWrapper) -> bool:
        # Django drops these functions at the end of a transaction, and at the return to an earlier savepoint. There the
        # server drops the settings and the lock as well.
        return any(function is self._mark for _, function, *_ in connection.run_on_commit)

    def _prepare(self, connection: BaseDatabaseWrapper) -> None:
        with connection.wrap_database_errors:
            row = connection.connection.execute(_PREPARE, [LOCK_KEY, f"{self._lock_timeout_s}s"]).fetchone()
        if not row[0]:
            raise lost_to_another()
        connection.on_commit(self._mark)

    @staticmethod
    def _mark() -> None:
        """Mark a prepared transaction in Django's list of functions to call after its end."""
