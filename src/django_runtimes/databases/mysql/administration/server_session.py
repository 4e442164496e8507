"""Sends a statement on a session of an operation, and prepares the session for a long migration."""

from typing import Any

from pymysql.connections import Connection

# A year, in seconds; the highest value of wait_timeout and lock_wait_timeout.
_NO_LIMIT_S = 31_536_000


def rows(session: Connection, query: str, parameters: object = None) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; none if it is no query."""
    with session.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def is_mariadb(session: Connection) -> bool:
    """Return whether the server is MariaDB, which has other settings than MySQL."""
    return "mariadb" in session.get_server_info().lower()


def prepare_session(session: Connection, *, lock_timeout_s: int = 0) -> None:
    """Remove the session's timeouts, but limit its waits for locks, where 0 means no limit."""
    lock_timeout_s = lock_timeout_s or _NO_LIMIT_S
    settings = {
        # The first of these limits waits for a table, the second for a row.
        "lock_wait_timeout": lock_timeout_s,
        "innodb_lock_wait_timeout": lock_timeout_s,
        "wait_timeout": _NO_LIMIT_S,
        **_timeouts_of_product(session),
    }
    rows(session, "SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()))


def _timeouts_of_product(session: Connection) -> dict[str, int]:
    if not is_mariadb(session):
        return {"max_execution_time": 0}
    return {
        "max_statement_time": 0,
        "idle_transaction_timeout": 0,
        "idle_readonly_transaction_timeout": 0,
        "idle_write_transaction_timeout": 0,
    }
