"""The diagnosis of a failed target, as the report shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Difference:
    """A variable, a value of the profile or a setting; "-" means that it is not set."""

    name: str
    failed: str
    worked: str


@dataclass(frozen=True)
class Diagnosis:
    """The first error of the target's own log, or its last lines if `is_excerpt`, and the differences.

    `log` is empty without a log. `worked` names the target that it is compared with, or None when no target worked.
    `kept_log` is the path of the complete log, relative to the report.
    """

    log: tuple[str, ...]
    worked: str | None
    differences: tuple[Difference, ...]
    is_excerpt: bool = False
    kept_log: str | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the diagnosis that `dataclasses.asdict` turned into `values`."""
        differences = tuple(Difference(**difference) for difference in values["differences"])
        return cls(
            tuple(values["log"]),
            values["worked"],
            differences,
            is_excerpt=values.get("is_excerpt", False),
            kept_log=values.get("kept_log"),
        )
