"""The cold starts of one target, and their phases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django_runtimes.compare.targets.start_report import StartPhases


@dataclass(frozen=True)
class ColdPhases:
    """The phases of each cold start in ms: until ready, and from then until the first answer.

    `split` has the finer phases of each start, or None where the process did not report them. It is empty in files of
    earlier versions.
    """

    ready_ms: tuple[float, ...]
    first_response_ms: tuple[float, ...]
    split: tuple[StartPhases | None, ...] = ()

    @property
    def totals_ms(self) -> tuple[float, ...]:
        """The duration of each start until its first answer."""
        return tuple(map(sum, zip(self.ready_ms, self.first_response_ms, strict=True)))


@dataclass(frozen=True)
class ColdStarts:
    """Durations of cold starts, from the start of the process to the first answer, in ms."""

    n: int
    p50: float | None
    max: float | None
    phases: ColdPhases

    @classmethod
    def of_phases(
        cls,
        ready_ms: Sequence[float],
        first_response_ms: Sequence[float],
        split: Sequence[StartPhases | None] = (),
    ) -> "ColdStarts":
        """Return the cold starts with these phases, one for each pair."""
        totals = [sum(phases) for phases in zip(ready_ms, first_response_ms, strict=True)]
        return cls(
            n=len(totals),
            p50=round(median(totals), 3) if totals else None,
            max=round(max(totals), 3) if totals else None,
            phases=ColdPhases(_rounded(ready_ms), _rounded(first_response_ms), tuple(split)),
        )

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "ColdStarts":
        """Return the cold starts that were saved as these values."""
        phases = values["phases"]
        return cls(
            **{
                **values,
                "phases": ColdPhases(
                    ready_ms=tuple(phases["ready_ms"]),
                    first_response_ms=tuple(phases["first_response_ms"]),
                    split=tuple(None if each is None else StartPhases(**each) for each in phases.get("split", ())),
                ),
            }
        )


def _rounded(values_ms: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value_ms, 3) for value_ms in values_ms)
