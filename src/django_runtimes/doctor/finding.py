"""What an examination found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    WRONG = "wrong"
    # The variables do not say how to run, so that nothing starts.
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Row:
    """One line of a finding's table; `source` is where the value comes from."""

    name: str
    value: str | int | None
    source: str = ""
    sign: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: a line that says how it stands, what mends it, and the figures behind it."""

    level: Level
    text: str
    remedy: str = ""
    rows: tuple[Row, ...] = ()
