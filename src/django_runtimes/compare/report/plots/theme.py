"""The look of all plots: colours as CSS variables of the page, so that one plot serves light, dark and print."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
# The page defines --series-1 to --series-8 for light and for dark backgrounds.
_SERIES = tuple(f"var(--series-{number})" for number in range(1, 9))
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4], [1, 3], [12, 3, 3, 3])
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
_NARROW_PX = 480
_FEW_DECADES = 3


def themed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specification with the common configuration."""
    config = {
        "font": "sans-serif",
        "background": None,
        "view": {"stroke": None},
        "axis": {
            "labelColor": "var(--quiet)",
            "titleColor": "var(--quiet)",
            "gridColor": "var(--line)",
            "domainColor": "var(--line)",
            "tickColor": "var(--line)",
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "legend": {"labelColor": "var(--ink)", "labelFontSize": 12, "labelLimit": 0, "symbolStrokeWidth": 0},
        "text": {"color": "var(--ink)", "fontSize": 12},
        "title": {"color": "var(--quiet)", "fontSize": 12, "fontWeight": "normal", "anchor": "start"},
    }
    return {"$schema": SCHEMA, "autosize": {"type": "fit-x", "contains": "padding"}, "config": config, **spec}


def is_narrow(width: int) -> bool:
    """Whether a plot of this width is for a phone."""
    return width < _NARROW_PX


def series_encodings(names: Sequence[str]) -> dict[str, Any]:
    """Return the colour and the dashes of each target in the field `target`."""
    return {
        "color": _by_target(names, _SERIES),
        "strokeDash": {**_by_target(names, _DASHES), "legend": None},
    }


def point_encodings(names: Sequence[str], width: int) -> dict[str, Any]:
    """Return the colour and the shape of each target's points, with their legend."""
    columns = 1 if is_narrow(width) else 2
    legend = {"title": None, "orient": "top", "columns": columns, "columnPadding": 40, "symbolSize": 70}
    return {
        "color": {**_by_target(names, _SERIES), "legend": legend},
        "shape": {**_by_target(names, _SHAPES), "legend": legend},
        "strokeDash": {"value": [1, 0]},
    }


def log_axis(title: str, lowest: float, highest: float) -> dict[str, Any]:
    """Return an axis with ticks at the powers of ten, and at 2 and 5 times these if there are few."""
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    steps = (1, 2, 5) if last - first <= _FEW_DECADES else (1,)
    ticks = [step * 10.0**exponent for exponent in range(first, last + 1) for step in steps]
    return {"title": title, "values": ticks, "format": "~r", "labelExpr": "format(datum.value, ',~r')"}


def _by_target(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    chosen = [values[index % len(values)] for index in range(len(names))]
    return {"field": "target", "type": "nominal", "scale": {"domain": list(names), "range": chosen}}
