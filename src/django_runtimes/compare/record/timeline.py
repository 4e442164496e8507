"""The highest number of backends in each interval of a run, in at most a few hundred intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_FIRST_INTERVAL_S = 0.5
_MOST_INTERVALS = 400


@dataclass(frozen=True)
class BackendTimeline:
    """The peak of the sampled backends in each interval of `interval_s` seconds, from the start of the sampling."""

    interval_s: float = _FIRST_INTERVAL_S
    peaks: tuple[int, ...] = ()

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the saved timeline."""
        return cls(values.get("interval_s", _FIRST_INTERVAL_S), tuple(values.get("peaks", ())))


class TimelineRecorder:
    """Collects samples of one database; intervals double whenever they become too many."""

    def __init__(self) -> None:
        self._interval_s = _FIRST_INTERVAL_S
        self._peaks: list[int] = []

    def add(self, elapsed_s: float, held: int) -> None:
        """Add a sample, taken `elapsed_s` after the start."""
        while elapsed_s >= self._interval_s * _MOST_INTERVALS:
            self._peaks = [max(self._peaks[at : at + 2]) for at in range(0, len(self._peaks), 2)]
            self._interval_s *= 2
        index = int(elapsed_s / self._interval_s)
        while len(self._peaks) < index:
            # An interval without a sample has as many backends as the last known.
            self._peaks.append(self._peaks[-1] if self._peaks else 0)
        if len(self._peaks) == index:
            self._peaks.append(held)
        else:
            self._peaks[index] = max(self._peaks[index], held)

    def timeline(self) -> BackendTimeline:
        """Return the samples so far."""
        return BackendTimeline(self._interval_s, tuple(self._peaks))


def phase_starts(environment: Mapping[str, Any]) -> dict[str, float]:
    """Return the phases of a run with their starts in s, from its `environment`; empty for an earlier version."""
    phases = environment.get("phases", {})
    if not isinstance(phases, Mapping):
        return {}
    return {str(name): float(start_s) for name, start_s in phases.items() if isinstance(start_s, int | float)}
