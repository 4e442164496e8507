"""The table of how long requests waited for a database connection."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django_runtimes.compare.analysis.wait_counts import MIN_FOR_P99
from django_runtimes.compare.layout.figures import milliseconds, number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult

_LEGEND = (
    "A wait lasts from asking the pool or the proxy for a connection until one is ready; a pool's wait includes its "
    "check of the connection. Only the steady load is counted. Processes count their waits in buckets, so a p99 is "
    "at most 12.5 % too high."
)


def wait_table(run: Run) -> ReportTable:
    """Return the table, with a row for each measured target."""
    measured = [target for target in run.targets if target.status == "measured"]
    return ReportTable(
        title="Waits for a connection, in ms",
        columns=("target", "label", "waits", "mean", "p99"),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.connections.waits),
                milliseconds(target.connections.mean_wait_ms),
                milliseconds(target.connections.p99_wait_ms),
            )
            for target in measured
        ),
        notes=(_LEGEND, *_earlier_notes(measured), *_reasons(measured)),
    )


def _earlier_notes(targets: Sequence[TargetResult]) -> Iterator[str]:
    if any(each.connections.mean_wait_ms is not None and each.connections.waits is None for each in targets):
        yield "A mean without a number of waits is of the whole run, as an earlier version measured it."


def _reasons(targets: Sequence[TargetResult]) -> Iterator[str]:
    """Yield a sentence for each reason why there is no p99, with its targets."""
    names: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        if target.connections.p99_wait_ms is None:
            names[_reason(target)].append(target.name)
    for reason, without in names.items():
        yield f"No p99 for {', '.join(without)}: {reason}."


def _reason(target: TargetResult) -> str:
    waits = target.connections.waits
    if all(scenario.rate_rps is None for scenario in target.scenarios):
        return "there was no steady load"
    if target.strategy != "pool":
        if target.route == "data_api":
            return "it holds no connection"
        if target.route != "proxy":
            return "it opens its connections itself, and waits for none"
        return (
            "PgBouncer counts only the number and the sum of the waits"
            if target.label == "emulated"
            else "only the proxy knows its waits"
        )
    if waits is not None and waits < MIN_FOR_P99:
        return f"a p99 needs {MIN_FOR_P99:,} waits"
    return "its processes reported none, as those of an earlier version"
