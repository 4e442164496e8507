"""The plot of the database backends that each target held over the run."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.record.timeline import phase_starts
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import is_narrow, point_encodings, series_encodings

_HEIGHT_PX, _NARROW_HEIGHT_PX = 280, 240


def backend_plot(run: Run) -> Plot | None:
    """Return the plot; None if the run has no timeline, as runs of earlier versions."""
    targets = [target for target in run.targets if target.status == "measured" and target.backends.peaks]
    if not targets:
        return None
    rows = [row for target in targets for row in _rows(target)]
    phases = phase_starts(run.environment)
    names = [target.name for target in targets]

    def spec(width: int) -> dict[str, Any]:
        return _spec(rows, phases, names, width)

    labels = " and ".join(dict.fromkeys(target.label for target in targets))
    return Plot(
        key="backends",
        title=f"Database backends over the run, {labels}",
        description=(
            "Lines of the highest number of backends that each target held in each interval of the run. Vertical rules "
            "mark the phases. The table has the peak of each phase."
        ),
        spec=spec,
        table=_phase_table(targets, phases),
        notes=(
            f"Phases: {', '.join(f'{name} from {start_s:.0f} s' for name, start_s in phases.items())}.",
            "One target has load at a time, and the others are idle. Backends that stay after a target's load are its "
            "idle connections, or the proxy's.",
        ),
    )


def _rows(target: TargetResult) -> list[dict[str, Any]]:
    backends = target.backends
    return [
        {
            "target": target.name,
            "s": round(index * backends.interval_s, 3),
            "backends": peak,
            "text": f"{target.name} at {index * backends.interval_s:,.0f} s: {peak} backends",
            "is_marked": index == backends.peaks.index(max(backends.peaks)),
        }
        for index, peak in enumerate(backends.peaks)
    ]


def _phase_table(targets: Sequence[TargetResult], phases: Mapping[str, float]) -> ReportTable:
    starts = [*phases.values(), float("inf")]
    rows = []
    for target in targets:
        peaks = []
        for start_s, end_s in pairwise(starts):
            inside = [
                peak
                for index, peak in enumerate(target.backends.peaks)
                if (index + 1) * target.backends.interval_s > start_s and index * target.backends.interval_s < end_s
            ]
            peaks.append(f"{max(inside)}" if inside else "-")
        rows.append((target.name, target.label, *peaks))
    columns = tuple(f"{name}, from {start_s:.0f} s" for name, start_s in phases.items())
    return ReportTable("Highest number of backends in each phase", ("target", "label", *columns), tuple(rows))


def _spec(rows: list[dict[str, Any]], phases: Mapping[str, float], names: Sequence[str], width: int) -> dict[str, Any]:
    x = {"field": "s", "type": "quantitative", "axis": {"title": "seconds since the start", "tickCount": 6}}
    y = {"field": "backends", "type": "quantitative", "axis": {"title": "backends", "tickMinStep": 1, "tickCount": 5}}
    rules = [{"s": start_s, "text": f"{name}, from {start_s:.0f} s"} for name, start_s in phases.items()]
    return {
        "width": width,
        "height": _NARROW_HEIGHT_PX if is_narrow(width) else _HEIGHT_PX,
        "layer": [
            {
                "data": {"values": rules},
                "mark": {"type": "rule", "color": "var(--quiet)", "strokeDash": [2, 3]},
                "encoding": {"x": x, "description": {"field": "text"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5, "aria": False},
                "encoding": {"x": x, "y": y, **series_encodings(names)},
            },
            {
                "data": {"values": [row for row in rows if row["is_marked"]]},
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"x": x, "y": y, **point_encodings(names, width), "description": {"field": "text"}},
            },
        ],
    }
