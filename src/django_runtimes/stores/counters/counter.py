"""The interface of the counters."""

from typing import Protocol

# What an outage means, for the log.
CONSEQUENCE = "WEBAPP_THROTTLE_OUTAGE decides about the requests that cannot be counted"


class StoreCounter(Protocol):
    """Counts in a store; for all threads."""

    def count(self, key: str, limit: int, expires_at: int) -> int:
        """Count one more, and return the new count, which exceeds `limit` if there was nothing left of it.

        The counter may be forgotten from the second `expires_at` on. Raise StoreUnavailableError if the store does not
        answer, or refuses to count.
        """
        ...

    def close(self) -> None:
        """Close the connections; a later count opens new ones."""
        ...
