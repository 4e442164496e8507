"""The answers of the preflight's checks."""

from dataclasses import dataclass
from enum import StrEnum


class Outlook(StrEnum):
    """What an answer means for the deploy."""

    GOOD = "good"
    # AWS did not answer, for example because the question itself is not permitted.
    UNKNOWN = "unknown"
    # The deploy works, but the application may not work as expected.
    DOUBTFUL = "doubtful"
    # The deploy would fail.
    BAD = "bad"


@dataclass(frozen=True)
class PreflightAnswer:
    """One answer, and the remedy unless it is good."""

    outlook: Outlook
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}" if self.remedy else self.text
