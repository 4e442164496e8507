"""A `str` whose `repr()` is masked."""


class Secret(str):
    """A password or token; the masked `repr()` keeps it out of error pages and tracebacks that print variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"
