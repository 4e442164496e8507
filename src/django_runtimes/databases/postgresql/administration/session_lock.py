"""The migration lock of a PostgreSQL server: an advisory lock of a session of its own."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.databases.interface.migration_lock import LOST, LockHolder, MigrationLock, lost_to_another
from django_runtimes.databases.interface.operations_session import open_lock_session

# Advisory locks are per database, so all databases share one key. In pg_locks: classid 2003133025, objid 1886416231.
LOCK_KEY = int.from_bytes(b"webappmg")
APPLICATION_NAME = f"webapp migrate on {socket.gethostname()}"

_SESSION = {
    "application_name": APPLICATION_NAME,
    # The role or the database may set these for web requests.
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # These release the locks of a vanished machine after a minute instead of the kernel's two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    # This cancels the statement of a killed client, which releases its locks.
    "client_connection_check_interval": "2s",
}

# On the Data API only the transaction of the lock has the name. Its session is one of the service's, which may be older
# than the lock, and older or younger than the session of the migration.
HOLDERS = """
WITH holders AS (
    SELECT pid, application_name, GREATEST(backend_start, xact_start) AS since,
           row_number() OVER (
               ORDER BY starts_with(application_name, 'webapp migrate on ') DESC, backend_start, pid
           ) AS place
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) + objid::bigint = %s
)
SELECT array_agg(pid ORDER BY place),
       to_char(min(since) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
       (array_agg(application_name ORDER BY place))[1]
FROM holders
"""


class SessionLock(MigrationLock):
    """The lock of one session, which takes it in exclusive mode and then holds it in shared mode until it ends.

    The migrating session holds the lock in shared mode too. If only the session of this class dies, other processes
    still wait until the running migration ends.
    """

    remedy = "end it with pg_terminate_backend"

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session

    def check(self) -> None:
        """Raise CommandError if the session is lost, which releases the lock."""
        _row(self._session, "SELECT 1")

    def _try(self) -> bool:
        if not _ask(self._session, "SELECT pg_try_advisory_lock(%s)"):
            return False
        share_lock(self._session)
        return _ask(self._session, "SELECT pg_advisory_unlock(%s)")

    def _holder(self) -> LockHolder | None:
        return holder_of(_row(self._session, HOLDERS, [LOCK_KEY]))


def holder_of(row: tuple[Any, ...]) -> LockHolder | None:
    """Return the holder in the only row of HOLDERS, or None if nobody holds the lock."""
    pids, since, application_name = row
    if not pids:
        return None
    # Without pg_read_all_stats, other roles' start times are hidden.
    text = f"pid {', '.join(map(str, pids))}, since {since or 'an unknown time'}, application_name '{application_name}'"
    return LockHolder(tuple(pids), text)


@contextmanager
def session_lock(connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]) -> Iterator[SessionLock]:
    """Hold the lock as `DatabaseEngine.migration_lock` does; raise CommandError also when a proxy is in between."""
    with open_lock_session(connection) as session:
        _refuse_proxy(session)
        prepare_session(session)
        lock = SessionLock(session)
        lock.take(wait_s=wait_s, say=say)
        yield lock
        lock.check()


def prepare_session(session: psycopg.Connection, *, lock_timeout_s: int = 0) -> None:
    """Remove the session's timeouts except lock_timeout, where 0 means no limit."""
    settings = {**_SESSION, "lock_timeout": f"{lock_timeout_s}s"}
    # Older servers lack some of these settings.
    session.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) "
        "WHERE name IN (SELECT name FROM pg_settings)",
        [list(settings), list(settings.values())],
    )


def share_lock(session: psycopg.Connection) -> None:
    """Take the lock in shared mode in the session; raise CommandError when another migrate holds it."""
    if not _ask(session, "SELECT pg_try_advisory_lock_shared(%s)"):
        raise lost_to_another()


def _refuse_proxy(session: psycopg.Connection) -> None:
    # A proxy reports its own process IDs, and all its clients on one backend share that backend's locks.
    if _row(session, "SELECT pg_backend_pid()") != (session.info.backend_pid,):
        raise CommandError(
            f"{session.info.host}:{session.info.port} is a proxy, through which locks are unreliable; point "
            "DATABASE_URL or WEBAPP_DB_HOST at the PostgreSQL server itself, and WEBAPP_DB_PROXY_HOST at the proxy"
        )


def _ask(session: psycopg.Connection, query: str) -> bool:
    return _row(session, query, [LOCK_KEY]) == (True,)


def _row(session: psycopg.Connection, query: str, parameters: list[int] | None = None) -> tuple[Any, ...]:
    try:
        return session.execute(query, parameters).fetchone() or ()
    except psycopg.OperationalError:
        raise CommandError(LOST) from None
