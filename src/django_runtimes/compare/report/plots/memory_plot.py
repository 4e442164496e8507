"""The plot of a function's memory sizes: cost against speed."""

from typing import Any

from django_runtimes.compare.cost.memory_tuning import MemoryPoint, MemoryTuning
from django_runtimes.compare.layout.figures import milliseconds
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import is_narrow

_HEIGHT_PX, _NARROW_HEIGHT_PX = 300, 260
_MARGIN = 0.25


def memory_plot(tuning: MemoryTuning, table: ReportTable, label: str) -> Plot:
    """Return the plot of these sizes; `table` has its values, and `label` is "emulated" or "deployed"."""
    rows = [_values(tuning, point) for point in tuning.points]

    def spec(width: int) -> dict[str, Any]:
        return _spec(rows, width)

    return Plot(
        key=f"memory-{tuning.target.replace('/', '-').replace('_', '-')}",
        title=f"Cost against speed of {tuning.target}, {label}",
        description=(
            "A line from the smallest to the largest memory size, with a point for each: its mean duration and the "
            "price of a million requests. Left is faster and lower is cheaper. The cheapest, the balanced and the "
            "fastest size are named. The table has every value."
        ),
        spec=spec,
        table=table,
    )


def _values(tuning: MemoryTuning, point: MemoryPoint) -> dict[str, Any]:
    roles = ", ".join(tuning.roles(point))
    duration_ms = float(point.duration_ms)
    return {
        "mb": point.memory_mb,
        "ms": duration_ms,
        "usd": float(point.usd_per_million),
        "is_chosen": bool(roles),
        # The line to the other points leaves the lowest one upwards, so its label is below.
        "dy": 16 if "cheapest" in tuning.roles(point) else -10,
        "text": f"{point.memory_mb:,} MB{': ' if roles else ''}{roles}",
        "title": f"{point.memory_mb:,} MB: {milliseconds(duration_ms)} ms, USD {point.usd_text} per million",
    }


def _spec(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    def scale(field: str) -> dict[str, Any]:
        highest = max(row[field] for row in rows)
        return {"domain": [0, (1 + _MARGIN) * highest], "nice": False}

    # A label to the right of the rightmost points would leave the plot.
    middle_ms = max(row["ms"] for row in rows) / 2
    x = {"field": "ms", "type": "quantitative", "scale": scale("ms"), "axis": {"title": "mean duration in ms"}}
    y = {"field": "usd", "type": "quantitative", "scale": scale("usd"), "axis": {"title": "USD per million requests"}}
    colour = {"condition": {"test": "datum.is_chosen", "value": "var(--accent)"}, "value": "var(--quiet)"}
    labels = [
        {
            "transform": [{"filter": f"datum.ms {comparison} {middle_ms} && datum.dy == {shift_px}"}],
            "mark": {"type": "text", "align": align, "dx": 6, "dy": shift_px, "aria": False},
            "encoding": {"x": x, "y": y, "text": {"field": "text"}},
        }
        for comparison, align in (("<=", "left"), (">", "right"))
        for shift_px in sorted({row["dy"] for row in rows})
    ]
    return {
        "width": width,
        "height": _NARROW_HEIGHT_PX if is_narrow(width) else _HEIGHT_PX,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "line", "color": "var(--quiet)", "strokeDash": [2, 3], "aria": False},
                "encoding": {"x": x, "y": y, "order": {"field": "mb", "type": "quantitative"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": colour, "description": {"field": "title"}},
            },
            *labels,
        ],
    }
