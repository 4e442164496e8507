"""Judges psycopg's errors by their class and SQLSTATE."""

import psycopg

from django_runtimes.databases.interface.database_failure import DatabaseFailure

_READ_ONLY = "25006"
_CANCELLED = "57014"
_LIMIT_EXCEEDED = "54000"
# The failures by prefix of the SQLSTATE.
_FAILURES = (
    ("08", DatabaseFailure.UNAVAILABLE),  # connection lost, and errors of a pooler (PgBouncer's query_wait_timeout)
    (_READ_ONLY, DatabaseFailure.UNAVAILABLE),  # this server is no longer the primary after a failover
    ("25P03", DatabaseFailure.UNAVAILABLE),  # idle_in_transaction_session_timeout
    ("25P04", DatabaseFailure.TIMEOUT),  # transaction_timeout
    ("40001", DatabaseFailure.BUSY),  # serialization failure
    ("40P01", DatabaseFailure.BUSY),  # deadlock, in which PostgreSQL cancelled this transaction
    ("53300", DatabaseFailure.UNAVAILABLE),  # too many connections
    ("53400", DatabaseFailure.UNAVAILABLE),  # too many new connections in a second, on Aurora DSQL
    ("55P03", DatabaseFailure.BUSY),  # lock_timeout, NOWAIT
    ("57P", DatabaseFailure.UNAVAILABLE),  # shutdown, crash, start-up, or pg_terminate_backend()
)


def failure_by_sqlstate(error: psycopg.Error) -> DatabaseFailure | None:
    """Return the failure that matches the error, or None for any other error."""
    if error.sqlstate is None:
        # libpq sets no SQLSTATE when connecting fails or a connection breaks, and neither does psycopg_pool.
        return DatabaseFailure.UNAVAILABLE if isinstance(error, psycopg.OperationalError) else None
    if error.sqlstate == _CANCELLED:
        # Every cancelled statement has this SQLSTATE; only the message names the timeout.
        is_timeout = "statement timeout" in (error.diag.message_primary or "")
        return DatabaseFailure.TIMEOUT if is_timeout else None
    if error.sqlstate == _LIMIT_EXCEEDED and "transaction age limit" in (error.diag.message_primary or ""):
        # Aurora DSQL ended the transaction after five minutes.
        return DatabaseFailure.TIMEOUT
    return next((failure for prefix, failure in _FAILURES if error.sqlstate.startswith(prefix)), None)


def described_by_sqlstate(error: psycopg.Error) -> str:
    """Return the error's class with its SQLSTATE, or with the first line of its message if it has none."""
    name = type(error).__name__
    if error.sqlstate is not None:
        return f"{name}, SQLSTATE {error.sqlstate}"
    return f"{name}: {str(error).partition(chr(10))[0]}"


def is_of_read_only_server(error: BaseException | None) -> bool:
    """Return whether a statement failed because the server is read-only."""
    return isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY
