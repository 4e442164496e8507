"""The metrics of `--fail-if` and their units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class LoadKind(StrEnum):
    """What may follow the @ of a target."""

    SCENARIO = "a scenario, such as read or read:50"
    TRAFFIC = "requests per second, such as 10"
    NONE = "nothing"


@dataclass(frozen=True)
class GateMetric:
    """A metric that can be compared with a limit.

    `units` has the factor of each unit to the unit of the measurements. With `has_ratio` a limit such as 1.2x is
    possible, too. `percentile` is the quantile of a latency, such as 0.5.
    """

    name: str
    units: Mapping[str, float]
    load: LoadKind
    has_ratio: bool = False
    percentile: float | None = None

    @property
    def forms(self) -> tuple[str, ...]:
        """An example of each form of a limit."""
        units = tuple(f"{self.name} > 2{unit}" for unit in self.units)
        return (*units, f"{self.name} > 1.2x") if self.has_ratio else units


_MILLISECONDS = MappingProxyType({"ms": 1.0, "s": 1_000.0, "us": 0.001})

METRICS: Mapping[str, GateMetric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            *(
                GateMetric(name, _MILLISECONDS, LoadKind.SCENARIO, has_ratio=True, percentile=share)
                for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
            ),
            GateMetric("cold_start p50", _MILLISECONDS, LoadKind.NONE, has_ratio=True),
            GateMetric("errors", {"%": 1.0}, LoadKind.SCENARIO),
            GateMetric("connections", {"": 1.0}, LoadKind.SCENARIO),
            GateMetric("usd_per_million", {"": 1.0}, LoadKind.TRAFFIC),
            GateMetric("usd_per_month", {"": 1.0}, LoadKind.TRAFFIC),
        )
    }
)
