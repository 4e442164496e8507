"""The plot of the monthly cost against the rate, with the rates at which the cheapest target changes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed, BilledTarget, usd_text
from django_runtimes.compare.cost.cheapest import cheapest_of, cheapest_ranges, eligible_targets, left_out
from django_runtimes.compare.cost.cost_sentences import legend_sentences
from django_runtimes.compare.cost.cost_tables import rate_text
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import is_narrow, log_axis, point_encodings, series_encodings

_LOWEST_RPS = Decimal("0.1")
_POINTS_PER_DECADE = 12
# More steps than this look like a line.
_MOST_STEPS = 60
_MOST_CROSSINGS = 60
_HEIGHT_PX, _NARROW_HEIGHT_PX = 340, 300
# Requests per second of the table.
_TABLE_RPS = tuple(Decimal(rate) for rate in ("0.1", "0.3", "1", "3", "10", "30", "100", "300", "1000"))
_SERIES = 8


def cost_plot(analysis: CostAnalysis, judged: Traffic) -> Plot | None:
    """Return the plot, with a rule at the traffic at which bills are judged; None if every bill is 0."""
    billed = _distinct(analysis)
    names = [analysis.marked(each.name) for each in billed]
    highest_rps = analysis.highest_rps
    rows = [point for each, name in zip(billed, names, strict=True) for point in _points(each, name, highest_rps)]
    if not rows:
        return None
    ranges = cheapest_ranges(analysis)
    changes = [
        {
            "rate": float(each.start_rps),
            "usd": float(_cheapest(analysis, each.start_rps)),
            "text": f"above {rate_text(each.start_rps)} {analysis.marked(each.name)} is the cheapest",
        }
        for each in ranges[1:]
        if each.start_rps >= _LOWEST_RPS
    ]
    crossings = _crossings(analysis, billed)
    rule = [{"rate": float(judged.mean_rps), "text": f"judged at {rate_text(judged.mean_rps)}"}]

    def spec(width: int) -> dict[str, Any]:
        return _spec(rows, changes, crossings, rule, names, width=width)

    omitted = left_out(analysis)
    drawn = "" if crossings else " (here too many to draw)"
    return Plot(
        key="cost-rate",
        title=f"USD per month against the rate, {analysis.labels}",
        description=(
            "Lines of the monthly bill of each target at constant rates, both axes logarithmic. Small circles mark "
            f"the rates at which two lines cross{drawn}, large ones those at which the cheapest target changes."
        ),
        spec=spec,
        table=ReportTable(
            f"USD per month at constant rates, {analysis.labels}",
            ("target", *(rate_text(rate_rps) for rate_rps in _TABLE_RPS)),
            tuple(
                (analysis.marked(each.name), *(usd_text(each.bill(Traffic.constant(rate)).usd) for rate in _TABLE_RPS))
                for each in billed
            ),
            notes=tuple(str(change["text"]).capitalize() + "." for change in changes)
            or tuple(f"{analysis.marked(each.name)} is the cheapest at every rate." for each in ranges[:1]),
        ),
        notes=(
            "Bills rise in steps where a task or an instance is added. Targets with equal bills share a line, and "
            "functions have webapp deploy's default front door, or the measured one.",
            *((f"Left out of the cheapest: {omitted}.",) if omitted else ()),
            *legend_sentences([each.bill(judged) for each in billed]),
        ),
    )


def _crossings(analysis: CostAnalysis, billed: Sequence[Billed]) -> list[dict[str, Any]]:
    """Return the points at which two of the lines cross; none if there are too many to see."""
    by_name = {each.name: each for each in billed}
    found = [
        crossing
        for crossing in analysis.crossings
        if crossing.rate_rps >= _LOWEST_RPS and {crossing.cheaper_below, crossing.cheaper_above} <= by_name.keys()
    ]
    return [
        {
            "rate": float(crossing.rate_rps),
            "usd": float(by_name[crossing.cheaper_below].bill(Traffic.constant(crossing.rate_rps)).usd),
            "text": (
                f"{analysis.marked(crossing.cheaper_below)} is cheaper up to {rate_text(crossing.rate_rps)}, "
                f"{analysis.marked(crossing.cheaper_above)} above"
            ),
        }
        for crossing in (found if len(found) <= _MOST_CROSSINGS else ())
    ]


def _distinct(analysis: CostAnalysis) -> list[BilledTarget]:
    """Return the bill of each target with its default front door, and of targets with equal bills only the first."""
    seen: set[tuple[Decimal, ...]] = set()
    found: list[BilledTarget] = []
    for billed in analysis.default_targets:
        totals = tuple(billed.bill(traffic).usd for traffic in analysis.traffics)
        if totals not in seen and len(found) < _SERIES:
            found.append(billed)
        seen.add(totals)
    return found


def _points(billed: Billed, name: str, highest_rps: Decimal) -> list[dict[str, Any]]:
    """Return the bill at evenly spaced rates, and on both sides of each step."""
    decades = (highest_rps / _LOWEST_RPS).log10()
    count = int(decades * _POINTS_PER_DECADE)
    rates = {
        _LOWEST_RPS * Decimal(10) ** (decades * step / count): step % _POINTS_PER_DECADE == 0
        for step in range(count + 1)
    }
    steps = [rate for rate in billed.breaks(highest_rps) if rate >= _LOWEST_RPS]
    if len(steps) <= _MOST_STEPS:
        for rate in steps:
            rates.setdefault(rate, False)
            rates.setdefault(rate * Decimal("1.000001"), False)
    return [
        {
            "target": name,
            "rate": float(rate),
            "usd": float(bill.rounded_usd),
            "text": f"{billed.name} at {rate_text(rate)}: {bill.text} USD per month",
            "is_marked": is_marked,
        }
        for rate, is_marked in sorted(rates.items())
        if (bill := billed.bill(Traffic.constant(rate))).rounded_usd > 0
    ]


def _cheapest(analysis: CostAnalysis, rate_rps: Decimal) -> Decimal:
    traffic = Traffic.constant(rate_rps)
    return cheapest_of(eligible_targets(analysis), traffic)[0].bill(traffic).usd


def _spec(
    rows: list[dict[str, Any]],
    changes: list[dict[str, Any]],
    crossings: list[dict[str, Any]],
    rule: list[dict[str, Any]],
    names: list[str],
    *,
    width: int,
) -> dict[str, Any]:
    rates, amounts = [row["rate"] for row in rows], [row["usd"] for row in rows]
    x = {
        "field": "rate",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "axis": log_axis("requests per second (logarithmic)", min(rates), max(rates)),
    }
    y = {
        "field": "usd",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 8},
        "axis": log_axis("USD per month (logarithmic)", min(amounts), max(amounts)),
    }
    return {
        "width": width,
        "height": _NARROW_HEIGHT_PX if is_narrow(width) else _HEIGHT_PX,
        "layer": [
            {
                "data": {"values": rule},
                "mark": {"type": "rule", "color": "var(--quiet)", "strokeDash": [2, 3]},
                "encoding": {"x": x, "description": {"field": "text"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "strokeWidth": 2, "aria": False},
                "encoding": {"x": x, "y": y, **series_encodings(names)},
            },
            {
                "data": {"values": [row for row in rows if row["is_marked"]]},
                "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    **point_encodings(names, width),
                    "description": {"field": "text"},
                },
            },
            *(
                {
                    "data": {"values": values},
                    "mark": {"type": "point", "filled": False, "size": size, "strokeWidth": 1.5, "color": "var(--ink)"},
                    "encoding": {"x": x, "y": y, "description": {"field": "text"}},
                }
                for values, size in ((crossings, 45), (changes, 170))
            ),
        ],
    }
