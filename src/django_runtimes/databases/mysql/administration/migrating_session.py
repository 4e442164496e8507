"""Prepares the migrating session on MySQL: no timeouts, and a short wait for other sessions' locks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from pymysql.connections import Connection
from pymysql.err import Error

from django_runtimes.databases.mysql.administration.named_lock import hold_while_migrating
from django_runtimes.databases.mysql.administration.server_session import prepare_session, rows
from django_runtimes.databases.mysql.error_numbers import number_of

_LOCK_WAIT_TIMEOUT = 1205
_SHOWN_CHARACTERS = 120
# The server does not say which session has the lock, unless performance_schema is on.
_OPEN_TRANSACTIONS = """
SELECT CONCAT('connection ', ID, ' of ', USER, '@', HOST, ' (', COMMAND, ' for ', TIME, ' s)')
FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST ON ID = trx_mysql_thread_id
WHERE DB = DATABASE() AND ID <> CONNECTION_ID()
ORDER BY trx_started
LIMIT 3
"""


@contextmanager
def migrating_session(connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> Iterator[None]:
    """Make every session of `connection` hold the lock of migrating sessions, without timeouts except `lock_timeout_s`.

    When that timeout expires, raise CommandError with the statement and the open transactions of the database.
    """
    statements = _LastStatement()

    def prepare(connection: BaseDatabaseWrapper, **_: object) -> None:
        if connection is migrating:
            prepare_session(connection.connection, lock_timeout_s=lock_timeout_s)
            hold_while_migrating(connection.connection)

    migrating = connection
    # A migration may close the connection; the next statement then opens a new session.
    connection.close()
    connection_created.connect(prepare)
    try:
        with connection.execute_wrapper(statements):
            yield
    except OperationalError as error:
        if number_of(error.__cause__) != _LOCK_WAIT_TIMEOUT:
            raise
        raise _waited_too_long(connection.connection, statements.text, lock_timeout_s) from error
    finally:
        connection_created.disconnect(prepare)
        connection.close()


class _LastStatement:
    """Remembers the last statement."""

    text = ""

    def __call__(
        self, execute: Callable[..., Any], sql: object, params: object, many: object, context: dict[str, Any]
    ) -> Any:
        self.text = str(sql)
        return execute(sql, params, many, context)


def _waited_too_long(session: Connection, statement: str, lock_timeout_s: int) -> CommandError:
    return CommandError(
        f"a lock was not free within {lock_timeout_s} s: {shorten(statement, _SHOWN_CHARACTERS, placeholder='…')}; "
        f"{_blockers(session)}; run this again when the lock is free, or wait longer with --lock-timeout"
    )


def _blockers(session: Connection) -> str:
    try:
        transactions = [text for (text,) in rows(session, _OPEN_TRANSACTIONS)]
    except Error:
        return "grant this login PROCESS to see which transactions are open"
    if not transactions:
        return "no transaction of this database is open by now"
    return f"open transactions of this database, the oldest first: {'; '.join(transactions)}"
