"""Something that all restored environments would share."""

from typing import NamedTuple


class SharedThing(NamedTuple):
    """One line of the report: its kind, such as a socket, what and where it is, and what to do about it."""

    kind: str
    description: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.description}; {self.remedy}"
