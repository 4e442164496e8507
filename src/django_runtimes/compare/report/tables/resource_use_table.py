"""The table of the CPU time and the memory that each target used."""

from collections.abc import Iterator

from django_runtimes.compare.layout.figures import milliseconds, number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult


def resource_use_table(run: Run) -> ReportTable:
    """Return the table, with a row for each measured target."""
    measured = [target for target in run.targets if target.status == "measured"]
    return ReportTable(
        title="CPU time and memory",
        columns=("target", "label", "CPU ms per request", "peak MB of a process"),
        rows=tuple(
            (
                target.name,
                target.label,
                milliseconds(target.resources.cpu_ms_per_request),
                number(target.resources.peak_rss_mb),
            )
            for target in measured
        ),
        notes=tuple(_notes(measured)),
    )


def _notes(targets: list[TargetResult]) -> Iterator[str]:
    known = [target for target in targets if target.resources.cpu_ms_per_request is not None]
    if any(target.label == "emulated" for target in known):
        yield (
            "The CPU time of emulated targets includes all their processes in the steady load, on this machine's CPU. "
            "The database, the proxy and the container engine are not included. The memory is the largest resident set "
            "of one process."
        )
    if any(target.label == "deployed" for target in known):
        yield (
            "Deployed processes report their own CPU time and memory, so the CPU time includes the requests of other "
            "clients between the first and the last report."
        )
    if len(known) < len(targets):
        yield (
            "A dash marks a target without a steady load, or whose processes cannot be measured: containers in a "
            "virtual machine, containers in a file of an earlier version, and deployed processes that report nothing."
        )
