"""The plots of latency: the percentile curves, and the latency against the rate."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from django_runtimes.compare.analysis.percentile import CONFIDENCE, Percentile, latency_of, percentile_of
from django_runtimes.compare.layout.figures import milliseconds, requests_per_second
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.recommendation.candidate import shown_scenarios, steady_scenarios
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import is_narrow, log_axis, point_encodings, series_encodings
from django_runtimes.compare.report.tables.percentile_table import percentile_text

# A percentile needs at least ten samples above it.
_PERCENTILES = (
    (10.0, 100), (25.0, 100), (50.0, 100), (75.0, 100), (90.0, 100), (95.0, 200), (99.0, 1_000), (99.9, 10_000),
)  # fmt: skip
_P90_SAMPLES = dict(_PERCENTILES)[90.0]
# Labels that would overlap on a phone.
_WIDE_ONLY = ("p10", "p25", "p75", "p95")
_HEIGHT_PX, _NARROW_HEIGHT_PX = 300, 260
# The highest latency on an axis is at least this multiple of the lowest: the ticks are at 1, 2, 5 and 10.
_LEAST_RANGE = 5.0


def percentile_plots(run: Run) -> Iterator[Plot]:
    """Yield the percentile curves of all targets for each steady scenario, at the middle of its rates."""
    targets = [target for target in run.targets if target.status == "measured"]
    shown = [(target, scenario) for target in targets for scenario in shown_scenarios(target)]
    for name, rate_rps in dict.fromkeys((scenario.name, scenario.rate_rps) for _, scenario in shown):
        curves = {
            target.name: curve
            for target, scenario in shown
            if (scenario.name, scenario.rate_rps) == (name, rate_rps) and (curve := _curve(scenario))
        }
        if curves:
            yield _percentile_plot(f"{name}s at {requests_per_second(rate_rps or 0.0)}", name, curves, targets)


def rate_plots(run: Run) -> Iterator[Plot]:
    """Yield the latency against the rate of each steady scenario that was measured at several rates.

    Void scenarios and those with too few samples for a p90 are left out.
    """
    targets = [target for target in run.targets if target.status == "measured"]
    for name in dict.fromkeys(scenario.name for target in targets for scenario in steady_scenarios(target)):
        measured = [
            (target, scenario)
            for target in targets
            for scenario in steady_scenarios(target)
            if scenario.name == name and scenario.latency_ms.n >= _P90_SAMPLES and not scenario.is_void
        ]
        if len({scenario.rate_rps for _, scenario in measured}) > 1:
            yield _rate_plot(name, measured, _label(targets))


def _label(targets: Sequence[TargetResult]) -> str:
    return " and ".join(dict.fromkeys(target.label for target in targets))


def _curve(scenario: ScenarioResult) -> dict[float, Percentile]:
    """Return the percentiles with enough samples; none below 100 samples, as in a quick run, or if all are void."""
    if scenario.is_void:
        return {}
    latency = latency_of(scenario)
    return {
        percent: found
        for percent, samples in _PERCENTILES
        if latency.count >= samples and (found := percentile_of(latency, percent / 100)) is not None
    }


def _percentile_plot(
    what: str, name: str, curves: dict[str, dict[float, Percentile]], targets: Sequence[TargetResult]
) -> Plot:
    rows: list[dict[str, Any]] = [
        {
            "target": target,
            "percentile": percent,
            "tail": 100 / (100 - percent),
            "ms": found.value_ms,
            "text": f"{target}: p{percent:g} {percentile_text(found)} ms",
        }
        for target, curve in curves.items()
        for percent, found in curve.items()
    ]
    percents = sorted({percent for curve in curves.values() for percent in curve})
    labels = {100 / (100 - percent): f"p{percent:g}" for percent in percents}
    target_labels = {target.name: target.label for target in targets}

    def spec(width: int) -> dict[str, Any]:
        shown = {at: text for at, text in labels.items() if not is_narrow(width) or text not in _WIDE_ONLY}
        label_expr = " : ".join(f"abs(datum.value - {at}) < 0.001 ? '{text}'" for at, text in shown.items())
        x = {
            "field": "tail",
            "type": "quantitative",
            "scale": {"type": "log", "nice": False},
            "axis": {"values": list(shown), "labelExpr": f"{label_expr} : ''", "title": "percentile", "grid": True},
        }
        return _lines(rows, list(curves), x, "latency in ms (logarithmic)", width)

    return Plot(
        key=f"percentiles-{name}",
        title=f"Percentiles of {what}, {_label(targets)}",
        description="Lines of latency by percentile, one for each target. Lower is faster. The table has every value.",
        spec=spec,
        table=ReportTable(
            f"Percentiles of {what} in ms, with their {CONFIDENCE:.0%} intervals",
            ("target", "label", *(f"p{percent:g}" for percent in percents)),
            tuple(
                (target, target_labels[target], *(percentile_text(curve.get(percent)) for percent in percents))
                for target, curve in curves.items()
            ),
        ),
        notes=("A percentile is shown only with at least ten samples above it.",),
    )


def _rate_plot(name: str, measured: Sequence[tuple[TargetResult, ScenarioResult]], label: str) -> Plot:
    rows = [
        {
            "target": target.name,
            "rate": scenario.rate_rps,
            "ms": scenario.latency_ms.p90,
            "text": (
                f"{target.name} at {requests_per_second(scenario.rate_rps or 0.0)}: p50 "
                f"{milliseconds(scenario.latency_ms.p50)} ms, p90 {milliseconds(scenario.latency_ms.p90)} ms"
            ),
        }
        for target, scenario in measured
    ]
    names = list(dict.fromkeys(target.name for target, _ in measured))

    def spec(width: int) -> dict[str, Any]:
        x = {
            "field": "rate",
            "type": "quantitative",
            "scale": {"zero": True},
            "axis": {"title": "requests per second", "tickCount": 5},
        }
        return _lines(rows, names, x, "p90 in ms (logarithmic)", width)

    return Plot(
        key=f"rates-{name}",
        title=f"Latency of {name}s against the rate, {label}",
        description="Lines of the p90 at each measured rate, one for each target. Lower is faster.",
        spec=spec,
        table=ReportTable(
            f"Latency of {name}s in ms, by rate",
            ("target", "label", "rate", "p50", "p90", "p99", "goodput"),
            tuple(
                (
                    target.name,
                    target.label,
                    requests_per_second(scenario.rate_rps or 0.0),
                    milliseconds(scenario.latency_ms.p50),
                    milliseconds(scenario.latency_ms.p90),
                    milliseconds(scenario.latency_ms.p99),
                    f"{scenario.goodput_rps or 0.0:,.1f}",
                )
                for target, scenario in measured
            ),
        ),
        notes=(f"Only loads with valid blocks and at least {_P90_SAMPLES} samples are shown.",),
    )


def _shown_range(lowest: float, highest: float) -> tuple[float, float]:
    """Return the range of a logarithmic axis, wide enough for two ticks, so that small differences look small."""
    middle = math.sqrt(lowest * highest)
    reach = math.sqrt(_LEAST_RANGE)
    return min(lowest, middle / reach), max(highest, middle * reach)


def _lines(
    rows: list[dict[str, Any]], names: Sequence[str], x: dict[str, Any], y_title: str, width: int
) -> dict[str, Any]:
    low_ms, high_ms = _shown_range(min(row["ms"] for row in rows), max(row["ms"] for row in rows))
    y = {
        "field": "ms",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 8, "domain": [low_ms, high_ms]},
        "axis": log_axis(y_title, low_ms, high_ms),
    }
    return {
        "width": width,
        "height": _NARROW_HEIGHT_PX if is_narrow(width) else _HEIGHT_PX,
        "data": {"values": rows},
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2, "aria": False}, "encoding": series_encodings(names)},
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {**point_encodings(names, width), "description": {"field": "text"}},
            },
        ],
    }
