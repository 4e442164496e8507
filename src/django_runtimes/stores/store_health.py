"""Whether a store answers, for all threads of the process."""

import logging
from functools import cache
from time import monotonic

from django_runtimes.outages.store_error import StoreRefusedError, StoreUnavailableError

logger = logging.getLogger(__name__)

# After a failed connection, the store is not asked for this time, so that its timeouts do not hold every request.
_REST_S = 1.0
_LOG_EVERY_S = 60.0
_OF_CACHE = "the cache misses, and requests that need a session get a 503"


class StoreHealth:
    """The last failure of one store. `consequence` is for the log: what an outage means for requests."""

    def __init__(self, name: str, consequence: str = _OF_CACHE) -> None:
        self._name = name
        self._consequence = consequence
        self._asks_again_at_s = 0.0
        self._logs_again_at_s = 0.0
        self._unlogged = 0
        self._failure = ""

    def require(self) -> None:
        """Raise StoreUnavailableError if the store did not answer within the last second.

        After that second one caller asks it again, and the others wait for the next.
        """
        if not self._failure:
            return
        now_s = monotonic()
        if now_s < self._asks_again_at_s:
            raise StoreUnavailableError(self._failure)
        self._asks_again_at_s = now_s + _REST_S

    def answered(self) -> None:
        """Note that the store answers."""
        if self._failure:
            self._failure = ""

    def failed(self, error: Exception, *, is_unreachable: bool) -> StoreUnavailableError:
        """Note a failure, log it at most once a minute, and return the error to raise.

        Let the store rest if it `is_unreachable`; one that throttles answers other calls.
        """
        failure = " ".join(str(error).split()) or type(error).__name__
        if is_unreachable:
            self._failure, self._asks_again_at_s = failure, monotonic() + _REST_S
        else:
            self._failure = ""
        self._log(logging.WARNING, "is not available", failure)
        return StoreUnavailableError(failure)

    def refused(self, reason: str, remedy: str = "") -> StoreRefusedError:
        """Note that the store refuses this process, log it at most once a minute, and return the error to raise.

        `reason` contains the remedy if that is empty.
        """
        self._failure = ""
        self._log(logging.ERROR, "refuses to be used", f"{reason}; {remedy}" if remedy else reason)
        return StoreRefusedError(reason, remedy)

    def _log(self, level: int, problem: str, failure: str) -> None:
        now_s = monotonic()
        if now_s < self._logs_again_at_s:
            self._unlogged += 1
            return
        more = f" ({self._unlogged} further failures since the last such line)" if self._unlogged else ""
        self._logs_again_at_s, self._unlogged = now_s + _LOG_EVERY_S, 0
        logger.log(level, "The store %s %s: %s%s; %s", self._name, problem, failure, more, self._consequence)


@cache
def health_of(name: str, consequence: str = _OF_CACHE) -> StoreHealth:
    """Return the health of a store, whose name contains no password, for one kind of use."""
    return StoreHealth(name, consequence)
