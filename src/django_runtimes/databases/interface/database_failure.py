"""The kinds of failures of a database that a client may see."""

from enum import Enum


class DatabaseFailure(Enum):
    """A failure that is not the application's bug; `outages/` has the response to each."""

    UNAVAILABLE = "the server does not answer, refuses connections or is read-only"
    BUSY = "another transaction was in the way, and the same request may succeed"
    TIMEOUT = "the server ended a statement or a transaction that took too long"
