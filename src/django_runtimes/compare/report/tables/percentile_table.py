"""The table of percentiles with their intervals, and of the ratios of each p99."""

from collections.abc import Iterator

from django_runtimes.compare.analysis.percentile import CONFIDENCE, Percentile, latency_of, percentile_of
from django_runtimes.compare.analysis.summary import Summary, SummaryRow
from django_runtimes.compare.layout.figures import milliseconds, number, ratio
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.report.tables.figure_tables import scenario_title, verdict_cell

_COLUMNS = ("target", "label", "load", "samples", "p50", "p90", "p99", "p99 ratio", "p99 interval", "p99 verdict")
_P99_COLUMNS = 3


def percentile_table(summary: Summary) -> ReportTable:
    """Return a table with a row for each scenario of each target."""
    compares_p99 = any(row.p99_verdict is not None for row in summary.rows)
    shown = len(_COLUMNS) - (0 if compares_p99 else _P99_COLUMNS)
    return ReportTable(
        title=f"Percentiles in ms with their {CONFIDENCE:.0%} intervals",
        columns=_COLUMNS[:shown],
        rows=tuple(_cells(row)[:shown] for row in summary.rows),
        notes=tuple(_notes(compares_p99=compares_p99)),
    )


def percentile_text(percentile: Percentile | None) -> str:
    """Return a percentile with its interval, such as "14.0 (13.8 to 14.3)"; "?" stands for an unknown bound."""
    if percentile is None:
        return "-"
    low, high = ("?" if bound is None else milliseconds(bound) for bound in (percentile.low_ms, percentile.high_ms))
    return f"{milliseconds(percentile.value_ms)} ({low} to {high})"


def _cells(row: SummaryRow) -> tuple[str, ...]:
    latency = latency_of(row.scenario)
    return (
        row.target.name,
        row.target.label,
        scenario_title(row.scenario),
        number(latency.count),
        *(percentile_text(percentile_of(latency, share)) for share in (0.5, 0.9, 0.99)),
        "-" if row.p99_ratio is None else ratio(row.p99_ratio.estimate),
        "-" if row.p99_ratio is None else f"{ratio(row.p99_ratio.low)} to {ratio(row.p99_ratio.high)}",
        "-" if row.p99_verdict is None else verdict_cell(row.p99_verdict),
    )


def _notes(*, compares_p99: bool) -> Iterator[str]:
    yield (
        "The intervals are order statistics: they hold for any distribution of the latencies, but only for independent "
        "requests. Requests that wait for each other make the true intervals wider."
    )
    if compares_p99:
        yield (
            "The interval of a p99 ratio treats each pair of blocks as one measurement, and is widened for the number "
            "of ratios like the intervals of the medians."
        )
