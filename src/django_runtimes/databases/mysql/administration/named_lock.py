"""The migration lock of a MySQL server: a named lock of a session of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from pymysql.connections import Connection
from pymysql.err import Error

from django_runtimes.databases.interface.migration_lock import LOST, LockHolder, MigrationLock, lost_to_another
from django_runtimes.databases.interface.operations_session import open_lock_session
from django_runtimes.databases.mysql.administration.server_session import prepare_session, rows

_NAME_MAX_CHARACTERS = 64
# The server needs a moment to notice that the former session of the migration has ended.
_FORMER_SESSION_S = 5


class LockNames(NamedTuple):
    """The names of a database's two locks, which all databases of a server share a namespace for."""

    # Held by the session of the lock, from the first migration to the last.
    queue: str
    # Held by each session that migrates.
    migrating: str


class NamedLock(MigrationLock):
    """The lock of one session, and a second one that the migrating session holds.

    If only the session of this class dies, other processes still wait until the running migration ends. The server does
    not notice the death of a client during a statement, so that ALTER TABLE goes on, and with it the second lock.
    """

    remedy = "end it with KILL and its number (on RDS: CALL mysql.rds_kill)"

    def __init__(self, session: Connection, names: LockNames) -> None:
        self._session = session
        self._names = names

    def check(self) -> None:
        """Raise CommandError if the session is lost, which releases the lock."""
        if self._one("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", self._names.queue) != 1:
            raise CommandError(LOST)

    def _try(self) -> bool:
        if self._one("SELECT GET_LOCK(%s, 0)", self._names.queue) != 1:
            return False
        if self._one("SELECT IS_FREE_LOCK(%s)", self._names.migrating) == 1:
            return True
        self._one("SELECT RELEASE_LOCK(%s)", self._names.queue)
        return False

    def _holder(self) -> LockHolder | None:
        ((queue, migrating),) = self._rows("SELECT IS_USED_LOCK(%s), IS_USED_LOCK(%s)", self._names)
        ids = tuple(each for each in (queue, migrating) if each is not None)
        if not ids:
            return None
        clients = dict(
            self._rows("SELECT ID, CONCAT(USER, '@', HOST) FROM information_schema.PROCESSLIST WHERE ID IN %s", [ids])
        )
        # Without the privilege PROCESS, other users' sessions are hidden.
        named = (f"connection {each} of {clients.get(each, 'another user')}" for each in ids)
        return LockHolder(ids, " and ".join(named))

    def _one(self, query: str, name: str) -> Any:
        return self._rows(query, [name])[0][0]

    def _rows(self, query: str, parameters: object) -> list[tuple[Any, ...]]:
        try:
            return rows(self._session, query, parameters)
        except Error:
            raise CommandError(LOST) from None


@contextmanager
def named_lock(connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]) -> Iterator[NamedLock]:
    """Hold the lock as `DatabaseEngine.migration_lock` does; raise CommandError also when a proxy is in between."""
    with open_lock_session(connection) as session:
        _refuse_proxy(session)
        prepare_session(session)
        lock = NamedLock(session, names_of(session))
        lock.take(wait_s=wait_s, say=say)
        yield lock
        lock.check()


def hold_while_migrating(session: Connection) -> None:
    """Take the migrating session's lock; raise CommandError when another migrate holds it."""
    if rows(session, "SELECT GET_LOCK(%s, %s)", [names_of(session).migrating, _FORMER_SESSION_S]) != [(1,)]:
        raise lost_to_another()


def names_of(session: Connection) -> LockNames:
    """Return the names of the locks of the session's database."""
    ((database,),) = rows(session, "SELECT DATABASE()")
    return LockNames(_name("webapp migrate", str(database)), _name("webapp migrating", str(database)))


def _name(prefix: str, database: str) -> str:
    name = f"{prefix} {database}"
    if len(name) <= _NAME_MAX_CHARACTERS:
        return name
    return f"{prefix} {sha256(database.encode()).hexdigest()[:32]}"


def _refuse_proxy(session: Connection) -> None:
    # A proxy has its own numbers for connections, and may serve several clients with one.
    if rows(session, "SELECT CONNECTION_ID()") != [(session.thread_id(),)]:
        raise CommandError(
            f"{session.host}:{session.port} is a proxy, through which locks are unreliable; point DATABASE_URL or "
            "WEBAPP_DB_HOST at the server itself, and WEBAPP_DB_PROXY_HOST at the proxy"
        )
