"""What is known of a target's failure beside its message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Difference:
    """One variable, choice of the profile or setting; "-" stands for one that is not set."""

    name: str
    failed: str
    worked: str


@dataclass(frozen=True)
class Diagnosis:
    """`log` is the first error of the target's own log, or its last lines where `is_excerpt`; empty without a log.

    `worked` names the target beside it, None when no target worked; `kept_log` is the path of the whole log beside
    the report.
    """

    log: tuple[str, ...]
    worked: str | None
    differences: tuple[Difference, ...]
    is_excerpt: bool = False
    kept_log: str | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """What `dataclasses.asdict` made JSON of."""
        differences = tuple(Difference(**difference) for difference in values["differences"])
        return cls(
            tuple(values["log"]),
            values["worked"],
            differences,
            is_excerpt=values.get("is_excerpt", False),
            kept_log=values.get("kept_log"),
        )
