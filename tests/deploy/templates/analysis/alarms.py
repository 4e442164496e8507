"""Reads the metrics of alarms, which watch either one metric or a formula over several."""

import re
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
    """Return the metric that sets the alarm off, which comes first; of a rate, it is the number of errors."""
    return metrics_of(alarm)[0].name


def statistics_of(alarm: Resource) -> set[str]:
    """Return the statistics by which an alarm reads its metrics."""
    properties = alarm.properties
    if "Metrics" not in properties:
        return {str(properties.get("ExtendedStatistic", properties.get("Statistic")))}
    return {each["MetricStat"]["Stat"] for each in properties["Metrics"] if "MetricStat" in each}


def goes_off(alarm: Resource, **values: float | None) -> bool:
    """Return whether an alarm on a formula goes off in a minute with these values; None for a metric without data."""
    properties = alarm.properties
    (formula,) = [each["Expression"] for each in properties["Metrics"] if "Expression" in each]
    result = _evaluate(formula, values)
    if result is None:
        return bool(properties["TreatMissingData"] == "breaching")
    if properties["ComparisonOperator"] == "LessThanThreshold":
        return result < float(properties["Threshold"])
    assert properties["ComparisonOperator"] == "GreaterThanThreshold"
    return result > float(properties["Threshold"])


def _evaluate(formula: str, values: Mapping[str, float | None]) -> float | None:
    """Evaluate the formula as CloudWatch does: a term without data has no result, except in FILL."""
    names: dict[str, Any] = {
        "IF": lambda condition, yes, no: yes if condition else no,
        "FILL": lambda value, filler: _Number(filler if value is None else value),
        "MAX": max,
    }
    unfilled = set(re.findall(r"\w+", re.sub(r"FILL\(\w+, \d+\)", "", formula)))
    if any(values[name] is None for name in unfilled & values.keys()):
        return None
    given = {name: None if value is None else _Number(value) for name, value in values.items()}
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
