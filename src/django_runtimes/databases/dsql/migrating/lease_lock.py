"""The migration lock without locks: a row that its holder keeps renewing, and that expires if the holder dies."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.databases.dsql.transactions.conflicts import is_conflict
from django_runtimes.databases.interface.migration_lock import LOST, LockHolder, MigrationLock
from django_runtimes.databases.interface.operations_session import open_lock_session

TABLE = "webapp_migration_lock"
LEASE_S = 60
# Three renewals may fail before the lease ends.
_RENEWAL_S = 15.0
_CREATE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    name text PRIMARY KEY, token uuid NOT NULL, holder text NOT NULL,
    taken_at timestamptz NOT NULL, expires_at timestamptz NOT NULL
)
"""
# ruff: noqa: S608  (the only parts are constants)
_TAKE = f"""
INSERT INTO {TABLE} AS held (name, token, holder, taken_at, expires_at)
VALUES ('migrate', %s, %s, now(), now() + make_interval(secs => {LEASE_S}))
ON CONFLICT (name) DO UPDATE SET
    token = excluded.token, holder = excluded.holder, taken_at = excluded.taken_at, expires_at = excluded.expires_at
WHERE held.expires_at < now()
RETURNING token
"""
_RENEW = f"UPDATE {TABLE} SET expires_at = now() + make_interval(secs => {LEASE_S}) WHERE token = %s RETURNING token"
_RELEASE = f"DELETE FROM {TABLE} WHERE token = %s RETURNING token"
_HOLDER = f"""
SELECT token, holder, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
       to_char(expires_at AT TIME ZONE 'UTC', 'HH24:MI:SS UTC')
FROM {TABLE} WHERE expires_at >= now()
"""


class LeaseLock(MigrationLock):
    """A lease in a table of the database; a thread renews it on connections of its own.

    The service ends each connection after an hour, so no connection is kept for the lock.
    """

    remedy = f"end it and wait until its lease of {LEASE_S} s has expired"

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._token = uuid4()
        self._holder_name = f"webapp migrate, process {os.getpid()} on {socket.gethostname()}"
        self._valid_until_s = 0.0
        self._is_lost = False
        self._released = threading.Event()
        self._renewer = threading.Thread(target=self._renew_until_released, name="migration lease", daemon=True)

    def create_table(self) -> None:
        """Create the table of the lock if it is missing."""
        while True:
            try:
                self._rows(_CREATE)
            except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
                # Another process is creating it at the same time.
                continue
            except psycopg.Error as error:
                if not is_conflict(error):
                    raise
            else:
                return

    def begin_renewing(self) -> None:
        """Renew the lease from now on; call this once the lock is taken."""
        self._renewer.start()

    def check(self) -> None:
        """Renew the lease; raise CommandError if another process may have it."""
        self._renew()
        self.require_valid()

    def require_valid(self) -> None:
        """Raise CommandError if the lease has expired or was taken, without asking the service."""
        if self._is_lost or monotonic() >= self._valid_until_s:
            raise CommandError(LOST)

    def release(self) -> None:
        """End the renewals and let the next process take the lock."""
        self._released.set()
        if self._renewer.is_alive():
            self._renewer.join()
        self._answered(_RELEASE)

    def _try(self) -> bool:
        asked_at_s = monotonic()
        is_taken = self._answered(_TAKE, self._token, self._holder_name)
        if is_taken:
            self._valid_until_s = asked_at_s + LEASE_S
        return is_taken

    def _holder(self) -> LockHolder | None:
        row = next(iter(self._rows(_HOLDER)), None)
        if row is None:
            return None
        token, holder, taken_at, expires_at = row
        return LockHolder((UUID(str(token)).int,), f"{holder}, since {taken_at}, with a lease until {expires_at}")

    def _renew_until_released(self) -> None:
        while not self._released.wait(_RENEWAL_S):
            self._renew()

    def _renew(self) -> None:
        asked_at_s = monotonic()
        try:
            is_ours = bool(self._rows(_RENEW, self._token))
        except (psycopg.Error, CommandError):
            # The service did not answer, or this thread met its own renewal; the lease lasts until the next attempt.
            return
        if is_ours:
            self._valid_until_s = asked_at_s + LEASE_S
        else:
            self._is_lost = True

    def _answered(self, statement: str, *parameters: Any) -> bool:
        """Return whether the statement changed the row; a conflict means that another process changed it."""
        try:
            return bool(self._rows(statement, *(parameters or (self._token,))))
        except psycopg.Error as error:
            if is_conflict(error):
                return False
            raise

    def _rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with open_lock_session(self._connection) as session:
            session.autocommit = True
            cursor = session.execute(statement, parameters or None)
            return [] if cursor.description is None else cursor.fetchall()


@contextmanager
def lease_lock(connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]) -> Iterator[LeaseLock]:
    """Hold the lock as `DatabaseEngine.migration_lock` does."""
    lock = LeaseLock(connection)
    lock.create_table()
    lock.take(wait_s=wait_s, say=say)
    lock.begin_renewing()
    connection.migration_lease = lock  # type: ignore[attr-defined]  # the wrapper of this engine has it
    try:
        yield lock
        lock.check()
    finally:
        connection.migration_lease = None  # type: ignore[attr-defined]
        lock.release()
