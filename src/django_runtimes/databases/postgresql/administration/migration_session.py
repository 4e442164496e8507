"""Prepares the migrating session: no timeouts, and a short wait for other sessions' locks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.errors import LockNotAvailable

from django_runtimes.databases.postgresql.administration.session_lock import prepare_session, share_lock
from django_runtimes.databases.postgresql.session.lexer import TokenKind, split_statements

# If one of these is interrupted while it runs CONCURRENTLY, an invalid index or a half-detached partition remains.
_COMMANDS = {"alter", "create", "drop", "reindex"}
_SHOWN_CHARACTERS = 120

# After the error the server no longer shows the blocking session. Sessions with a lock on a table that the statement
# names are the likeliest.
_BLOCKERS = r"""
SELECT format(
    'pid %%s (%%s, in a transaction since %%s, application_name ''%%s'') has a lock on %%s',
    pid, coalesce(state, 'state unknown'),
    coalesce(to_char(min(xact_start) AT TIME ZONE 'UTC', 'HH24:MI:SS UTC'), 'an unknown time'),
    application_name, string_agg(DISTINCT relname, ', '))
FROM pg_locks JOIN pg_class ON pg_class.oid = relation JOIN pg_stat_activity USING (pid)
WHERE granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid() AND relkind IN ('r', 'p', 'm') AND %s ~ ('\y' || relname || '\y')
GROUP BY pid, state, application_name
ORDER BY min(xact_start) NULLS LAST
LIMIT 3
"""


@contextmanager
def migration_session(connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> Iterator[None]:
    """Make every session of `connection` share the migration lock, and remove its timeouts except `lock_timeout_s`.

    When that timeout expires, raise CommandError with the statement and the sessions that probably block it.
    """
    statements = _Statements(lock_timeout_s)

    def prepare(connection: BaseDatabaseWrapper, **_: object) -> None:
        if connection is migrating:
            prepare_session(connection.connection, lock_timeout_s=lock_timeout_s)
            share_lock(connection.connection)

    migrating = connection
    # A migration may close the connection; the next statement then opens a new session.
    connection.close()
    connection_created.connect(prepare)
    try:
        with connection.execute_wrapper(statements):
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise lock_not_available(connection, statements.last, error.__cause__, lock_timeout_s) from error
    finally:
        connection_created.disconnect(prepare)
        connection.close()


class _Statements:
    """Remembers the last statement, and lifts lock_timeout for statements that block no traffic."""

    def __init__(self, lock_timeout_s: int) -> None:
        self._lock_timeout_s = lock_timeout_s
        self.last = ""

    def __call__(
        self, execute: Callable[..., Any], sql: object, params: object, many: object, context: dict[str, Any]
    ) -> Any:
        self.last = str(sql)
        session = context["connection"].connection
        # In a transaction the server rejects such a statement, and then rejects SET in the aborted transaction.
        if not works_concurrently(self.last) or not session.autocommit:
            return execute(sql, params, many, context)
        session.execute("SET lock_timeout = 0")
        try:
            return execute(sql, params, many, context)
        finally:
            if not session.closed:
                session.execute(f"SET lock_timeout = '{self._lock_timeout_s}s'")


def works_concurrently(sql: str) -> bool:
    """Return whether a statement waits without blocking traffic, as CREATE INDEX CONCURRENTLY does."""
    # Tokenizing is slow, and few statements need it.
    if "concurrently" not in sql.lower():
        return False
    return any(
        statement[0].text in _COMMANDS and (TokenKind.WORD, "concurrently") in statement
        for statement in split_statements(sql)
    )


def lock_not_available(
    connection: BaseDatabaseWrapper, statement: str, error: LockNotAvailable, lock_timeout_s: int
) -> CommandError:
    """Return the error of a statement that waited too long, with the sessions that probably block it."""
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKERS, [statement])
        blockers = "; ".join(line for (line,) in cursor.fetchall())
    shown = " ".join(statement.split())
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return CommandError(
        f"{error.diag.message_primary} ({lock_timeout_s} s): {shown}; "
        f"{blockers or 'the blocking session has ended'}; "
        "run this again when the lock is free, or wait longer with --lock-timeout"
    )
