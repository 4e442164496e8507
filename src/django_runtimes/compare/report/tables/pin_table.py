"""The table of the statements that would pin a client of RDS Proxy."""

from django_runtimes.compare.layout.figures import number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult

_LEGEND = (
    "After the measurement, each emulated target got every request of the workload once more, several times in "
    "succession, and what it sent to the database or the proxy was read on the way. The rules are those of AWS's "
    "guide. On the direct route nothing pins: there the library resets sessions with DISCARD, which it does not send "
    "through a proxy, and the other kinds would pin on the route proxy. webapp pinlint names the lines of code."
)
_UNKNOWN = "A dash marks a target that was not counted: the notes on cold starts say why, and deployed ones never are."


def pin_table(run: Run) -> ReportTable | None:
    """Return the table, with a row for each measured target; None without counts, as in files of earlier versions."""
    measured = [target for target in run.targets if target.status == "measured"]
    if all(target.pins is None for target in measured):
        return None
    return ReportTable(
        title="Statements that would pin RDS Proxy",
        columns=("target", "label", "requests", "statements", "would pin"),
        rows=tuple(_row(target) for target in measured),
        notes=(_LEGEND, *((_UNKNOWN,) if any(target.pins is None for target in measured) else ())),
    )


def _row(target: TargetResult) -> tuple[str, ...]:
    pins = target.pins
    if pins is None:
        return (target.name, target.label, "-", "-", "-")
    kinds = ", ".join(f"{rule} {count:,}" for rule, count in pins.rules.items()) or "none"
    return (target.name, target.label, number(pins.requests), number(pins.statements), kinds)
