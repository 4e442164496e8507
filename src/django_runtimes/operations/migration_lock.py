"""Runs one `webapp migrate` at a time, with an advisory lock on a separate connection."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.operations.operations_session import open_session

# Advisory locks are per database, so all databases share one key. In pg_locks: classid 2003133025, objid 1886416231.
LOCK_KEY = int.from_bytes(b"webappmg")
POLL_S = 0.5
# EX_TEMPFAIL of sysexits.h: the same command may succeed later.
EXIT_BUSY = 75

_SESSION = {
    "application_name": f"webapp migrate on {socket.gethostname()}",
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

_HOLDERS = """
SELECT array_agg(pid ORDER BY backend_start, pid),
       to_char(min(backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
       (array_agg(application_name ORDER BY backend_start, pid))[1]
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32) + objid::bigint = %s
"""


@dataclass(frozen=True)
class _Holder:
    pids: tuple[int, ...]
    since: str
    application_name: str

    def __str__(self) -> str:
        pids = ", ".join(map(str, self.pids))
        return f"pid {pids}, since {self.since}, application_name '{self.application_name}'"


class MigrationLock:
    """The lock of one session, which takes it in exclusive mode and then holds it in shared mode until it ends.

    The migrating session holds the lock in shared mode too. If only the session of this class dies, other processes
    still wait until the running migration ends.
    """

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session

    def take(self, *, wait_s: int, say: Callable[[str], None]) -> None:
        """Poll until the lock is free; raise CommandError with EXIT_BUSY when it is still held after `wait_s`.

        A statement that waits for the lock would hold a snapshot, and CREATE INDEX CONCURRENTLY would wait for that
        snapshot.
        """
        deadline = time.monotonic() + wait_s
        told: tuple[int, ...] = ()
        while not self._taken():
            holder = self._holder()
            if holder is not None and holder.pids[:1] != told:
                told = holder.pids[:1]
                say(f"another migrate is running ({holder}): waiting up to {wait_s} s")
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"another migrate is still running after --wait {wait_s} s ({holder or 'it has just begun'}); "
                    "run this again when it has ended, or end it with pg_terminate_backend",
                    returncode=EXIT_BUSY,
                )
            time.sleep(POLL_S)

    def check(self) -> None:
        """Raise CommandError if the session is lost, which releases the lock."""
        _row(self._session, "SELECT 1")

    def _taken(self) -> bool:
        if not _ask(self._session, "SELECT pg_try_advisory_lock(%s)"):
            return False
        share_lock(self._session)
        return _ask(self._session, "SELECT pg_advisory_unlock(%s)")

    def _holder(self) -> _Holder | None:
        pids, since, application_name = _row(self._session, _HOLDERS, [LOCK_KEY])
        # Without pg_read_all_stats, other roles' start times are hidden.
        return _Holder(tuple(pids), since or "an unknown time", application_name) if pids else None


@contextmanager
def migration_lock(
    connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
) -> Iterator[MigrationLock]:
    """Hold the lock of the connection's database; `say` receives a line when another process holds it.

    Raises CommandError when the server does not answer, when another process holds the lock for longer than
    `wait_s`, when a proxy is in between, and on exit when the lock was lost.
    """
    # A copy is not registered, so `close_old_connections` in a migration does not close it.
    own = connection.copy(alias="migration_lock")
    try:
        # The copy is registered while it connects, since receivers such as django.contrib.postgres's look up its alias.
        connections[own.alias] = own
        try:
            session = open_session(own)
        finally:
            del connections[own.alias]
        _refuse_proxy(session)
        prepare_session(session)
        lock = MigrationLock(session)
        lock.take(wait_s=wait_s, say=say)
        yield lock
        lock.check()
    finally:
        own.close()


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
        raise CommandError(
            "the migration lock is lost and another migrate is running; run this again when it has ended"
        )


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
        raise CommandError(
            "the connection of the migration lock is lost, so another migrate may begin: "
            "no further migration was started; run this again"
        ) from None
