"""Which errors of the database are outages, and what a client is told of each."""

from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Outage:
    """An answer: its status, a code for programs, a message for people, and when to ask again."""

    status: int
    code: str
    message: str
    retry_after_s: int


UNAVAILABLE = Outage(503, "unavailable", "The database is not available right now; try again in a few seconds.", 5)
BUSY = Outage(503, "busy", "Another request was using what this one needs; try again.", 1)
TIMEOUT = Outage(504, "timeout", "The database took too long to answer; try again later, or ask for less.", 5)
# Said before anything asks the database, by whoever counts requests.
OVERLOADED = Outage(503, "overloaded", "Too many requests are waiting; try again in a moment.", 1)

# By how the SQLSTATE begins.
_OUTAGES = (
    ("08", UNAVAILABLE),  # connection lost; a pooler's own errors, such as PgBouncer's query_wait_timeout
    ("25006", UNAVAILABLE),  # read-only: after a failover this server is no longer the primary
    ("25P03", UNAVAILABLE),  # idle in transaction for too long
    ("25P04", TIMEOUT),  # transaction_timeout
    ("40001", BUSY),  # serialization failure
    ("40P01", BUSY),  # deadlock: PostgreSQL chose this side to try again
    ("53300", UNAVAILABLE),  # too many connections
    ("55P03", BUSY),  # lock_timeout, NOWAIT
    ("57P", UNAVAILABLE),  # shutting down, crashed, starting up, ended by an administrator
)
_CANCELLED = "57014"


def database_error(error: BaseException | None) -> psycopg.Error | None:
    """The driver's error that `error` is or that caused it, through Django's own and the application's."""
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    return error


def outage_of(error: psycopg.Error) -> Outage | None:
    """None when the application is at fault, or the error has another meaning than an outage."""
    if error.sqlstate is None:
        # libpq gives none while connecting, nor when the connection breaks; the pool has none to give.
        return UNAVAILABLE if isinstance(error, psycopg.OperationalError) else None
    if error.sqlstate == _CANCELLED:
        # The SQLSTATE is that of every cancelled statement; only the message tells who cancelled it.
        return TIMEOUT if "statement timeout" in (error.diag.message_primary or "") else None
    return next((outage for beginning, outage in _OUTAGES if error.sqlstate.startswith(beginning)), None)


def described(error: psycopg.Error) -> str:
    """One line for the log: the class, and the SQLSTATE or else the reason, which holds no statement's values."""
    name = type(error).__name__
    if error.sqlstate is not None:
        return f"{name}, SQLSTATE {error.sqlstate}"
    return f"{name}: {str(error).partition(chr(10))[0]}"
