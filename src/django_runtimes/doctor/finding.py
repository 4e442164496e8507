"""The finding of an examination."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    WRONG = "wrong"
    # The variables are invalid, so nothing starts.
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Row:
    """One line of a finding's table; `source` names the origin of the value."""

    name: str
    value: str | int | None
    source: str = ""
    sign: str = ""


@dataclass(frozen=True)
class Finding:
    """The result of one check: its text, the remedy, and the figures behind it."""

    level: Level
    text: str
    remedy: str = ""
    rows: tuple[Row, ...] = ()
