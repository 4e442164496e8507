"""Text that shows itself to nobody who only prints what is around it."""


class Secret(str):
    """A password, token or the like: its `repr` hides it, as error pages and tracebacks print variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"
