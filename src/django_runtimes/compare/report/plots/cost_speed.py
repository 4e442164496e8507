"""The picture of the summary: each target's latency beside its monthly bill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django_runtimes.compare.cost.cost_sentences import legend_sentences
from django_runtimes.compare.cost.usage.billed_runtime import billed_runtime
from django_runtimes.compare.layout.figures import milliseconds
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.recommendation.candidate import Candidate
from django_runtimes.compare.recommendation.recommendation import Recommendation
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import is_narrow

_ROW_PX, _BAR_PX, _GAP_PX = 40, 12, 28
# A limit far beyond every bar would squeeze the bars.
_MAX_LIMIT_SHARE = 2.0


def cost_speed_plot(recommendation: Recommendation) -> Plot | None:
    """Return the picture; None if no target has a latency."""
    shown = [candidate for candidate in recommendation.candidates if _median_ms(candidate) is not None]
    if not shown:
        return None
    has_bills = all(candidate.usd is not None for candidate in shown)
    names = {chosen.name for chosen in recommendation.chosen}
    rows = [_values(candidate, names) for candidate in shown]
    first = shown[0].shown_scenarios[0]
    what = f"{first.name}s at {first.rate_rps:g}/s"
    traffic = recommendation.limits.traffic.name

    def spec(width: int) -> dict[str, Any]:
        return _spec(rows, recommendation, what, width, has_bills=has_bills)

    labels = ", ".join(dict.fromkeys(candidate.target.label for candidate in shown))
    return Plot(
        key="cost-speed",
        title=f"Cost beside speed, {labels}",
        description=(
            f"Bars of the median latency of {what}, with a tick at the p99 where it is known, beside bars of the "
            f"monthly cost at {traffic}. Shorter is better. The table below has every value."
        ),
        spec=spec,
        table=ReportTable(
            f"Latency of {what} in ms, and USD per month at {traffic}",
            ("target", "label", "p50", "p99", "USD per month", "billed"),
            tuple(
                (
                    candidate.name,
                    candidate.target.label,
                    milliseconds(_median_ms(candidate)),
                    milliseconds(_p99_ms(candidate)),
                    candidate.usd_text,
                    candidate.brief_setup or "-",
                )
                for candidate in shown
            ),
        ),
        notes=tuple(_notes(shown, has_bills=has_bills)),
    )


def _notes(shown: Sequence[Candidate], *, has_bills: bool) -> Iterator[str]:
    """Yield what the bars cannot say: void latencies, the choices in the prices, and the legend of their marks."""
    if any(candidate.shown_scenarios[0].is_void for candidate in shown):
        yield "Void: no block was measured without a disturbance, so this latency proves nothing."
    if not has_bills:
        return
    # A phone has no space for the choices beside the bars.
    setups = dict.fromkeys(
        f"{billed_runtime(candidate.name, candidate.target.runtime)} {candidate.brief_setup}" for candidate in shown
    )
    yield f"Prices are of {', '.join(setups)}."
    bills = [candidate.bill for candidate in shown if candidate.bill is not None]
    yield from legend_sentences(bills)


def _median_ms(candidate: Candidate) -> float | None:
    scenarios = candidate.shown_scenarios
    return scenarios[0].latency_ms.p50 if scenarios else None


def _p99_ms(candidate: Candidate) -> float | None:
    return candidate.shown_scenarios[0].latency_ms.p99


def _values(candidate: Candidate, chosen: set[str]) -> dict[str, Any]:
    p50_ms, p99_ms = _median_ms(candidate), _p99_ms(candidate)
    tail = "" if p99_ms is None else f", p99 {milliseconds(p99_ms)} ms"
    void = ", void" if candidate.shown_scenarios[0].is_void else ""
    usd = candidate.usd
    setup = "" if candidate.billed is None else f"({candidate.billed.setup})"
    return {
        "target": candidate.name,
        "p50": p50_ms,
        "p99": p99_ms,
        "usd": None if usd is None else float(usd),
        "is_chosen": candidate.name in chosen or not chosen,
        "latency_text": f"{milliseconds(p50_ms)} ms{void}",
        "usd_text": "" if usd is None else f"{candidate.usd_text} USD {candidate.brief_setup}",
        # The title of the panel has the unit, and long names need the space.
        "narrow_usd_text": "" if usd is None else candidate.usd_text,
        "latency_title": f"{candidate.name}: median {milliseconds(p50_ms)} ms{tail}{void}",
        "usd_title": "" if usd is None else f"{candidate.name}: {candidate.usd_text} USD per month {setup}",
    }


@dataclass(frozen=True)
class _Panel:
    """The bars of one figure; `texts` is the prefix of the field with its title, `value_text` that beside a bar."""

    field: str
    texts: str
    value_text: str
    title: str
    limit: float | None
    limit_text: str


def _spec(
    rows: list[dict[str, Any]], recommendation: Recommendation, what: str, width: int, *, has_bills: bool
) -> dict[str, Any]:
    limits = recommendation.limits
    narrow = is_narrow(width)
    panel_px = width if narrow or not has_bills else (width - _GAP_PX) // 2
    tick = " (tick: p99)" if any(row["p99"] is not None for row in rows) else ""
    max_ms, max_usd = limits.max_p99_ms, limits.max_usd_per_month
    speed = _Panel(
        "p50", "latency", "latency_text", f"Median of {what}, in ms{tick}", max_ms, f"p99 limit {max_ms or 0:g} ms"
    )
    cost = _Panel(
        "usd",
        "usd",
        "narrow_usd_text" if narrow else "usd_text",
        f"USD per month at {limits.traffic.name}",
        max_usd,
        f"limit {max_usd or 0:g} USD",
    )
    drawn = [_drawn(panel, rows, panel_px) for panel in ([speed, cost] if has_bills else [speed])]
    return {"vconcat" if narrow else "hconcat": drawn, "spacing": _GAP_PX, "autosize": {"type": "pad"}}


def _drawn(panel: _Panel, rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    tails = [row["p99"] for row in rows if row["p99"] is not None] if panel.field == "p50" else []
    highest = max([row[panel.field] for row in rows] + tails)
    limit = panel.limit if panel.limit is not None and panel.limit <= _MAX_LIMIT_SHARE * highest else None
    # Without a nice scale the largest value ends at the edge.
    domain = [0, 1.02 * max(highest, limit or 0.0)]
    x = {"field": panel.field, "type": "quantitative", "scale": {"domain": domain, "nice": False}, "axis": None}
    y = {"field": "target", "type": "nominal", "sort": None, "axis": None, "scale": {"padding": 0}}
    described = {"description": {"field": f"{panel.texts}_title"}}
    colour = {"condition": {"test": "datum.is_chosen", "value": "var(--accent)"}, "value": "var(--span)"}
    text = {"type": "text", "baseline": "middle", "dy": -7, "aria": False}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "height": _BAR_PX, "yOffset": _BAR_PX - 2, "cornerRadius": 2},
            "encoding": {"x": {**x, "stack": None}, "y": y, "color": colour, **described},
        },
        {
            "mark": {**text, "align": "left"},
            "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "target"}},
        },
        {
            "mark": {**text, "align": "right", "fontWeight": 600},
            "encoding": {"x": {"value": width}, "y": y, "text": {"field": panel.value_text}},
        },
    ]
    if tails:
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.p99)"}],
                "mark": {"type": "tick", "size": _BAR_PX + 4, "thickness": 3, "yOffset": _BAR_PX - 2},
                "encoding": {"x": {**x, "field": "p99"}, "y": y, "color": {"value": "var(--ink)"}, **described},
            }
        )
    if limit is not None:
        layers += _limit_layers(panel, x, bottom_px=_ROW_PX * len(rows), is_left=limit > domain[1] / 2)
    return {
        "title": {"text": panel.title, "offset": 10},
        "width": width,
        "height": {"step": _ROW_PX},
        "data": {"values": rows},
        "layer": layers,
    }


def _limit_layers(panel: _Panel, x: dict[str, Any], *, bottom_px: int, is_left: bool) -> list[dict[str, Any]]:
    position = {key: value for key, value in x.items() if key != "field"} | {"datum": panel.limit}
    text = {"type": "text", "color": "var(--bad)", "baseline": "top", "fontSize": 11, "aria": False}
    side = {"align": "right", "dx": -5} if is_left else {"align": "left", "dx": 5}
    return [
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "strokeDash": [4, 3], "strokeWidth": 1.5, "color": "var(--bad)"},
            "encoding": {"x": position, "description": {"value": panel.limit_text}},
        },
        {
            "data": {"values": [{}]},
            "mark": {**text, **side},
            "encoding": {"x": position, "y": {"value": bottom_px + 4}, "text": {"value": panel.limit_text}},
        },
    ]
