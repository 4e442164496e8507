"""A value of [stages.….network] or [stages.….database] that does not fit what AWS has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExistingProblem:
    """What is wrong with a value, and the remedy."""

    text: str
    remedy: str
    # Whether the stage can be deployed all the same.
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}"
