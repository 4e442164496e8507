"""The measured streams of a target, as saved in run.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class StreamResult:
    """The answers to one stream of the workload, which was asked for again and again, one at a time.

    `first_byte_ms` and `last_byte_ms` have the times of each complete answer since its request was sent. `size_kb` is
    the mean size of an answer, and `billed_ms` the mean duration that Lambda would bill; unknown values are None.
    """

    name: str
    sent: int
    errors: Mapping[str, int]
    first_byte_ms: tuple[float, ...]
    last_byte_ms: tuple[float, ...]
    size_kb: float | None = None
    billed_ms: float | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the result that was saved as these values."""
        return cls(
            **{
                **values,
                "first_byte_ms": tuple(values["first_byte_ms"]),
                "last_byte_ms": tuple(values["last_byte_ms"]),
            }
        )
