"""Whether a store answers, for all threads of the process."""

import logging
from functools import cache
from time import monotonic

from django_runtimes.outages.store_error import StoreUnavailableError

logger = logging.getLogger(__name__)

# After a failed connection, the store is not asked for this time, so that its timeouts do not hold every request.
_REST_S = 1.0
_LOG_EVERY_S = 60.0


class StoreHealth:
    """The last failure of one store."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._asks_again_at_s = 0.0
        self._logs_again_at_s = 0.0
        self._unlogged = 0
        self._failure = ""

    def require(self) -> None:
        """Raise StoreUnavailableError if the store did not answer within the last second."""
        if self._failure and monotonic() < self._asks_again_at_s:
            raise StoreUnavailableError(self._failure)

    def failed(self, error: Exception, *, is_unreachable: bool) -> StoreUnavailableError:
        """Note a failure, log it at most once a minute, and return the error to raise.

        Let the store rest if it `is_unreachable`; one that throttles answers other calls.
        """
        now_s = monotonic()
        failure = " ".join(str(error).split()) or type(error).__name__
        if is_unreachable:
            self._failure, self._asks_again_at_s = failure, now_s + _REST_S
        if now_s >= self._logs_again_at_s:
            more = f" ({self._unlogged} further failures since the last such line)" if self._unlogged else ""
            self._logs_again_at_s, self._unlogged = now_s + _LOG_EVERY_S, 0
            logger.warning(
                "The store %s is not available: %s%s; the cache misses, and requests that need a session get a 503",
                self._name,
                failure,
                more,
            )
        else:
            self._unlogged += 1
        return StoreUnavailableError(failure)


@cache
def health_of(name: str) -> StoreHealth:
    """Return the health of a store, whose name contains no password."""
    return StoreHealth(name)
