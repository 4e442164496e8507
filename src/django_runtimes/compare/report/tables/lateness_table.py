"""The table of late sends in valid blocks, and the sentence on each p99 that they raised."""

from collections.abc import Iterator

from django_runtimes.compare.analysis.lateness import Lateness, lateness_of
from django_runtimes.compare.analysis.percentile import CONFIDENCE
from django_runtimes.compare.analysis.summary import Summary, SummaryRow
from django_runtimes.compare.layout.figures import milliseconds, number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.load.block import LATE_MS, MAX_LATE_SHARE, MAX_RISE
from django_runtimes.compare.report.tables.figure_tables import scenario_title


def lateness_table(summary: Summary) -> ReportTable:
    """Return a table with a row for each steady scenario of each target."""
    return ReportTable(
        title="Late sends of valid blocks",
        columns=(
            "target",
            "label",
            "load",
            "sent",
            "late",
            f"share, {CONFIDENCE:.0%} interval",
            "p50, from send",
            "p99, from send",
        ),
        rows=tuple(_cells(row, lateness) for row, lateness in _found(summary)),
        notes=(
            f"A send is late if it was more than {LATE_MS:g} ms after the request was due. Latencies in ms count from "
            "the moment a request was due; the second value counts from its sending, so the difference is the load "
            "generator's share.",
        ),
    )


def lateness_sentences(summary: Summary) -> Iterator[str]:
    """Yield a sentence on each p99 that late sends surely raised."""
    for row, lateness in _found(summary):
        rise = lateness.p99_rise
        if rise is not None and rise > 1 + MAX_RISE and lateness.low > MAX_LATE_SHARE:
            yield (
                f"Late sends of the load generator raised the p99 of {row.target.name} "
                f"({scenario_title(row.scenario)}) from {milliseconds(lateness.from_send.p99_ms)} to "
                f"{milliseconds(lateness.due.p99_ms)} ms; repeat the run on a machine that is less busy before you "
                "rely on it."
            )


def _found(summary: Summary) -> Iterator[tuple[SummaryRow, Lateness]]:
    for row in summary.rows:
        lateness = lateness_of(row.scenario) if row.scenario.rate_rps is not None else None
        if lateness is not None:
            yield row, lateness


def _cells(row: SummaryRow, lateness: Lateness) -> tuple[str, ...]:
    due, from_send = lateness.due, lateness.from_send
    return (
        row.target.name,
        row.target.label,
        scenario_title(row.scenario),
        number(lateness.sent),
        number(lateness.late),
        f"{lateness.late / lateness.sent:.2%} ({lateness.low:.2%} to {lateness.high:.2%})",
        f"{milliseconds(due.p50_ms)}, {milliseconds(from_send.p50_ms)}",
        f"{milliseconds(due.p99_ms)}, {milliseconds(from_send.p99_ms)}",
    )
