"""The error of a store of sessions and cache entries that does not answer."""


class StoreUnavailableError(Exception):
    """The store does not answer; the next attempt may succeed."""
