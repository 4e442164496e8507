"""The result of a tested claim, as saved in run.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class ClaimVerdict(StrEnum):
    """What the figures say about a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class ClaimFigure:
    """A measured figure; a ratio also has its 95 % interval and the number of its pairs."""

    name: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    pairs: int | None = None


@dataclass(frozen=True)
class ClaimResult:
    """A claim, its figures and its verdict; `rule` is the rule that decides, and `reason` how it decided.

    `subject` is the application that was measured. `error` is the failure of the scenario, or None.
    """

    name: str
    claim: str
    measured: str
    rule: str
    emulated: str
    subject: str
    verdict: ClaimVerdict
    reason: str
    figures: tuple[ClaimFigure, ...]
    duration_s: float
    error: str | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the result with these values of run.json; raise ValueError, KeyError or TypeError for others."""
        return cls(
            **{
                **values,
                "verdict": ClaimVerdict(values["verdict"]),
                "figures": tuple(ClaimFigure(**figure) for figure in values["figures"]),
            }
        )
