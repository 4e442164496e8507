"""The table of the backends that each target held and opened."""

from django_runtimes.compare.layout.figures import number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult

_LEGEND = (
    "Peak and mean are of all blocks, and “opened” is of the whole run. Opens/s are the connections opened in the "
    "blocks of the steady load, divided by the duration of these blocks."
)


def connection_table(run: Run) -> ReportTable:
    """Return the table, with a row for each measured target."""
    measured = [target for target in run.targets if target.status == "measured"]
    return ReportTable(
        title="Backends of each target",
        columns=("target", "label", "peak", "mean", "opened", "opens/s", "peak in the burst", "peak in the cold burst"),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.connections.peak),
                number(target.connections.mean),
                number(target.connections.opened),
                _opens_per_second(target),
                _burst_peak(target, "burst"),
                _burst_peak(target, "burst_cold"),
            )
            for target in measured
        ),
        notes=(_LEGEND,),
    )


def _opens_per_second(target: TargetResult) -> str:
    """Return the rate over all steady scenarios, or "-" if their connections were not counted."""
    opened, duration_s = 0, 0.0
    for scenario in target.scenarios:
        # Files of earlier versions have no number.
        if scenario.rate_rps is not None and scenario.connections.opened is not None:
            opened += scenario.connections.opened
            duration_s += sum(block.duration_s for block in scenario.blocks)
    return f"{opened / duration_s:,.2f}" if duration_s else "-"


def _burst_peak(target: TargetResult, name: str) -> str:
    return number(next((each.connections.peak for each in target.scenarios if each.name == name), None))
