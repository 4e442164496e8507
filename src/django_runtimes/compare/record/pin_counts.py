"""The statements of a target that would pin a client of RDS Proxy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class PinCounts:
    """The requests of a pass, the statements that the target sent for them, and those that would pin, by rule."""

    requests: int
    statements: int
    rules: Mapping[str, int]

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the counts that were saved as these values."""
        return cls(**{**values, "rules": dict(values["rules"])})
