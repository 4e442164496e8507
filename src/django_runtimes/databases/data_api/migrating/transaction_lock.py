"""The migration lock without a session: an advisory lock of a transaction that stays open."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, RLock, Thread
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.databases.data_api.service.answer_errors import RESUMING
from django_runtimes.databases.interface.migration_lock import LOST, POLL_S, LockHolder, MigrationLock
from django_runtimes.databases.interface.operations_session import open_session
from django_runtimes.databases.postgresql.administration.session_lock import (
    APPLICATION_NAME,
    HOLDERS,
    LOCK_KEY,
    holder_of,
)

# The service ends a transaction after three minutes without a statement.
_ASK_EVERY_S = 60.0

# Without these, a timeout of the role could end the transaction. Older servers lack some of them.
_SETTINGS = {
    "application_name": APPLICATION_NAME,
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_PREPARE = """
SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
WHERE name IN (SELECT name FROM pg_settings)
"""
# By PostgreSQL's extended protocol, a transaction keeps the snapshot of its last query until its next statement, and
# CREATE INDEX CONCURRENTLY waits for that snapshot. This statement has none.
_DROP_SNAPSHOT = "SET LOCAL statement_timeout = 0"
_IS_HELD = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_backend_pid()
      AND (classid::bigint << 32) + objid::bigint = %s)
"""


class TransactionLock(MigrationLock):
    """The lock of one transaction, in shared mode, with the key that sessions on the direct route use.

    To take it, the transaction takes the lock in shared mode, and then in exclusive mode after a savepoint. If this
    succeeds, no other process has the lock; the return to the savepoint leaves the shared lock alone. Two processes may
    hinder each other in this moment, so each tries again after a time of its own.
    """

    remedy = (
        "end it with pg_terminate_backend; the lock of a process that was killed is free after 3 minutes, when the "
        "service ends its transaction"
    )

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        # The service refuses a statement in a transaction in which another one runs.
        self._asking = RLock()
        self._released = Event()
        self._is_lost = False

    def check(self) -> None:
        """Raise CommandError if the transaction has ended, which releases the lock."""
        with self._asking:
            if not self._is_lost:
                try:
                    self._is_lost = not self._ask(_IS_HELD)
                    self._drop_snapshot()
                except DatabaseError:
                    self._is_lost = True
            if self._is_lost:
                raise CommandError(LOST)

    def keep(self) -> None:
        """Ask within the service's idle time in a thread, until `release()`."""
        Thread(target=self._ask_regularly, name="migration-lock", daemon=True).start()

    def release(self) -> None:
        """End the transaction."""
        self._released.set()
        # A lost transaction is reported by `check()`.
        with self._asking, suppress(DatabaseError):
            self._connection.rollback()

    def _ask_regularly(self) -> None:
        while not self._released.wait(_ASK_EVERY_S):
            try:
                with self._asking:
                    if not self._released.is_set():
                        self.check()
            except CommandError:
                # The migrating thread asks before its next migration, and at the end.
                return

    def _try(self) -> bool:
        with self._asking:
            try:
                self._execute(_PREPARE, [list(_SETTINGS), list(_SETTINGS.values())])
                if self._ask("SELECT pg_try_advisory_xact_lock_shared(%s)") and self._is_alone():
                    self._drop_snapshot()
                    return True
                self._connection.rollback()
            except DatabaseError as error:
                raise CommandError(f"cannot take the migration lock: {' '.join(str(error).split())}") from None
            return False

    def _is_alone(self) -> bool:
        savepoint = self._connection.savepoint()
        assert savepoint is not None, "a transaction without autocommit has savepoints"  # noqa: S101
        is_alone = self._ask("SELECT pg_try_advisory_xact_lock(%s)")
        self._connection.savepoint_rollback(savepoint)
        return is_alone

    def _holder(self) -> LockHolder | None:
        with self._asking:
            holder = holder_of(self._execute(HOLDERS, [LOCK_KEY]))
            self._connection.rollback()
            return holder

    def _drop_snapshot(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(_DROP_SNAPSHOT)

    def _pause_s(self) -> float:
        return POLL_S * random.uniform(0.5, 1.5)  # noqa: S311  (this is no secret)

    def _ask(self, query: str) -> bool:
        return self._execute(query, [LOCK_KEY]) == (True,)

    def _execute(self, query: str, parameters: list[Any]) -> tuple[Any, ...]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchone() or ()


def _wait_until_awake(connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]) -> None:
    """Wait for a paused database to start; every other error is left to the next statement."""
    deadline = time.monotonic() + wait_s
    has_told = False
    while not _is_awake(connection):
        if time.monotonic() >= deadline:
            return
        if not has_told:
            has_told = True
            say(f"the database is starting after a pause: waiting up to {wait_s} s")
        time.sleep(POLL_S)


def _is_awake(connection: BaseDatabaseWrapper) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", None) != RESUMING
    return True


@contextmanager
def transaction_lock(
    connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
) -> Iterator[TransactionLock]:
    """Hold the lock as `DatabaseEngine.migration_lock` does."""
    # A copy is not registered, so `close_old_connections` in a migration does not close it.
    own = connection.copy(alias="migration_lock")
    try:
        # The copy is registered while it connects, since receivers such as django.contrib.postgres's look up its alias.
        connections[own.alias] = own
        try:
            _wait_until_awake(own, wait_s=wait_s, say=say)
            open_session(own)
        finally:
            del connections[own.alias]
        # The thread that keeps the transaction uses the connection too.
        own.inc_thread_sharing()
        own.set_autocommit(False)
        lock = TransactionLock(own)
        try:
            lock.take(wait_s=wait_s, say=say)
            lock.keep()
            yield lock
            lock.check()
        finally:
            lock.release()
    finally:
        own.close()
