"""Maps errors of the database and the store to outages, the responses that clients get."""

from typing import NamedTuple

import psycopg

from django_runtimes.outages.store_error import StoreUnavailableError


class Outage(NamedTuple):
    """A response to a failure of the database or the store: `code` is for programs, `message` for people."""

    status: int
    code: str
    message: str
    retry_after_s: int


UNAVAILABLE = Outage(503, "unavailable", "The database is not available right now; try again in a few seconds.", 5)
BUSY = Outage(503, "busy", "The request conflicted with another one; try again.", 1)
TIMEOUT = Outage(504, "timeout", "The database took too long to answer; try again later, or request less data.", 5)
# The limit on waiting requests returns this outage, before any query runs.
OVERLOADED = Outage(503, "overloaded", "Too many requests are waiting; try again in a moment.", 1)

# A request needs its session, and the store of sessions does not answer.
STORE_UNAVAILABLE = Outage(503, "unavailable", "The session is not available right now; try again in a few seconds.", 5)

# The outages by prefix of the SQLSTATE.
_OUTAGES = (
    ("08", UNAVAILABLE),  # connection lost, and errors of a pooler, such as PgBouncer's query_wait_timeout
    ("25006", UNAVAILABLE),  # read-only: this server is no longer the primary after a failover
    ("25P03", UNAVAILABLE),  # idle_in_transaction_session_timeout
    ("25P04", TIMEOUT),  # transaction_timeout
    ("40001", BUSY),  # serialization failure
    ("40P01", BUSY),  # deadlock, in which PostgreSQL cancelled this transaction
    ("53300", UNAVAILABLE),  # too many connections
    ("55P03", BUSY),  # lock_timeout, NOWAIT
    ("57P", UNAVAILABLE),  # shutdown, crash, start-up, or pg_terminate_backend()
)
_CANCELLED = "57014"


def database_error(error: BaseException | None) -> psycopg.Error | None:
    """Return the first psycopg error in the chain of causes that begins with `error`."""
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    return error


def store_error(error: BaseException | None) -> StoreUnavailableError | None:
    """Return the first error of the store in the chain of causes that begins with `error`."""
    while error is not None and not isinstance(error, StoreUnavailableError):
        error = error.__cause__
    return error


def outage_of(error: psycopg.Error) -> Outage | None:
    """Return the outage that matches `error`, or None for any other error, such as an application's bug."""
    if error.sqlstate is None:
        # libpq sets no SQLSTATE when connecting fails or a connection breaks, and neither does psycopg_pool.
        return UNAVAILABLE if isinstance(error, psycopg.OperationalError) else None
    if error.sqlstate == _CANCELLED:
        # Every cancelled statement has this SQLSTATE; only the message names the timeout.
        return TIMEOUT if "statement timeout" in (error.diag.message_primary or "") else None
    return next((outage for beginning, outage in _OUTAGES if error.sqlstate.startswith(beginning)), None)


def described(error: psycopg.Error) -> str:
    """Return the error's class with its SQLSTATE, or with the first line of its message if it has none.

    A statement's values never appear.
    """
    name = type(error).__name__
    if error.sqlstate is not None:
        return f"{name}, SQLSTATE {error.sqlstate}"
    return f"{name}: {str(error).partition(chr(10))[0]}"
