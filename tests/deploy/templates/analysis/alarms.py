"""Reads the metrics of alarms, which watch either one metric or a formula over several."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.deploy.templates.analysis.stacks import Resource


@dataclass(frozen=True)
class AlarmMetric:
    """A metric that an alarm reads."""

    id: str
    name: str
    dimensions: tuple[str, ...]
    period_s: int


def metrics_of(alarm: Resource) -> list[AlarmMetric]:
    """Return the metrics that an alarm reads; AWS bills each of them."""
    properties = alarm.properties
    if "Metrics" not in properties:
        return [_metric("", properties, properties["Period"])]
    return [
        _metric(each["Id"], each["MetricStat"]["Metric"], each["MetricStat"]["Period"])
        for each in properties["Metrics"]
        if "MetricStat" in each
    ]


def watched_metric(alarm: Resource) -> str:
    """Return the metric that sets the alarm off; of a rate, it is the number of errors."""
    return next(metric.name for metric in metrics_of(alarm) if metric.id in {"", "errors"})


def goes_off(alarm: Resource, **values: float | None) -> bool:
    """Return whether an alarm on a rate goes off in a minute with these values; None for a metric without data."""
    (formula,) = [each["Expression"] for each in alarm.properties["Metrics"] if "Expression" in each]
    assert alarm.properties["ComparisonOperator"] == "GreaterThanThreshold"
    rate = _Formula(values).evaluate(formula)
    return rate is not None and rate > alarm.properties["Threshold"]


class _Formula:
    """Evaluates the formula as CloudWatch does: a term without data has no result, except in FILL."""

    def __init__(self, values: Mapping[str, float | None]) -> None:
        self._values = values

    def evaluate(self, formula: str) -> float | None:
        names: dict[str, Any] = {
            "IF": lambda condition, yes, no: yes if condition else no,
            "FILL": lambda value, filler: value,
        }
        filled = {name for name in self._values if f"FILL({name}, 0)" in formula}
        missing = {name for name, value in self._values.items() if value is None and name in formula}
        if missing - filled:
            return None
        given = {name: _Number(value or 0) for name, value in self._values.items()}
        return float(eval(formula, {"__builtins__": {}}, names | given))


class _Number(float):
    """A number whose division by zero has no effect, since IF evaluates both of its branches."""

    def __truediv__(self, other: float) -> "_Number":
        return _Number(float(self) / other if other else 0)

    def __rmul__(self, other: float) -> "_Number":
        return _Number(other * float(self))

    def __add__(self, other: float) -> "_Number":
        return _Number(float(self) + other)


def _metric(identity: str, metric: Mapping[str, Any], period_s: int) -> AlarmMetric:
    dimensions = tuple(each["Value"] for each in metric.get("Dimensions", []))
    return AlarmMetric(identity, metric["MetricName"], dimensions, period_s)
