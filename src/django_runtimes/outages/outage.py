"""Maps errors of the database and the store to outages, the responses that clients get."""

from typing import NamedTuple

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import DriverError
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

_BY_FAILURE = {
    DatabaseFailure.UNAVAILABLE: UNAVAILABLE,
    DatabaseFailure.BUSY: BUSY,
    DatabaseFailure.TIMEOUT: TIMEOUT,
}


def outage_of(found: DriverError) -> Outage | None:
    """Return the outage that matches a driver's error, or None for any other error, such as an application's bug."""
    failure = found.engine.failure_of(found.error)
    return None if failure is None else _BY_FAILURE[failure]


def store_error(error: BaseException | None) -> StoreUnavailableError | None:
    """Return the first error of the store in the chain of causes that begins with `error`."""
    while error is not None and not isinstance(error, StoreUnavailableError):
        error = error.__cause__
    return error
