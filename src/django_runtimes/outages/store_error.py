"""The errors of a store of sessions and cache entries that cannot be used."""


class StoreUnavailableError(Exception):
    """The store does not answer; the next attempt may succeed."""


class StoreRefusedError(StoreUnavailableError):
    """The store refuses this process until somebody corrects the configuration.

    `remedy` is empty if the text already has one.
    """

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy
