"""Calculates the positions of marks and bars in charts, as CSS percentages of the width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django_runtimes.compare.analysis.summary import SummaryRow
from django_runtimes.compare.report.figure_tables import scenario_title
from django_runtimes.compare.report.figures import milliseconds, number


@dataclass(frozen=True)
class Range:
    """One target's latencies: a line from the median to the maximum, with a mark at the p90."""

    name: str
    left: str
    width: str
    p90_left: str
    text: str


@dataclass(frozen=True)
class Tick:
    """A power of ten on the axis."""

    left: str
    text: str


@dataclass(frozen=True)
class LatencyChart:
    """The chart of one scenario; all charts of a report share one logarithmic axis."""

    title: str
    ranges: tuple[Range, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Bar:
    """The bar of one target."""

    name: str
    width: str
    text: str


def latency_charts(rows: Sequence[SummaryRow]) -> tuple[LatencyChart, ...]:
    """Return a chart for each scenario, without targets that have no latencies."""
    drawn = [row for row in rows if row.scenario.latency_ms.n]
    if not drawn:
        return ()
    shortest = min(row.scenario.latency_ms.p50 or 0.001 for row in drawn)
    longest = max(row.scenario.latency_ms.max or 0.001 for row in drawn)
    first = math.floor(math.log10(shortest))
    last = max(math.ceil(math.log10(longest)), first + 1)

    def position(latency_ms: float | None) -> float:
        return 100 * (math.log10(latency_ms or shortest) - first) / (last - first)

    def range_of(row: SummaryRow) -> Range:
        latency = row.scenario.latency_ms
        left = position(latency.p50)
        return Range(
            name=row.target.name,
            left=_percent(left),
            width=_percent(position(latency.max) - left),
            p90_left=_percent(position(latency.p90)),
            text=f"{milliseconds(latency.p50)} | {milliseconds(latency.p90)} | {milliseconds(latency.max)} ms",
        )

    ticks = tuple(
        Tick(_percent(position(10.0**exponent)), _power_of_ten_ms(exponent)) for exponent in range(first, last + 1)
    )
    return tuple(
        LatencyChart(title, tuple(range_of(row) for row in group), ticks)
        for title, group in groupby(drawn, key=lambda row: f"{scenario_title(row.scenario)}, {row.target.label}")
    )


def burst_peaks(rows: Sequence[SummaryRow]) -> tuple[Bar, ...]:
    """Return a bar for each target's sampled peak of backends during the burst."""
    peaks = {
        row.target.name: row.scenario.connections.peak
        for row in rows
        if row.scenario.name == "burst" and row.scenario.connections.peak is not None
    }
    highest = max(peaks.values(), default=0) or 1
    return tuple(Bar(name, _percent(100 * peak / highest), number(peak)) for name, peak in peaks.items())


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _power_of_ten_ms(exponent: int) -> str:
    return f"{10 ** (exponent - 3)} s" if exponent >= 3 else f"{10.0**exponent:g} ms"
