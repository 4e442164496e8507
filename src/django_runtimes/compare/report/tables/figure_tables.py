"""Builds the tables of figures: latencies, cold starts and writes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from django_runtimes.compare.analysis.busy_machine import MOST_OTHER_CPUS, mean_other_cpus
from django_runtimes.compare.analysis.summary import RatioVerdict, Summary, SummaryRow
from django_runtimes.compare.layout.figures import milliseconds, number, ratio, requests_per_second
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.report.sentences import write_check

_LATENCY_COLUMNS = (
    "target", "sent", "ok", "goodput", "p50", "p90", "p99", "max", "ratio", "interval", "verdict", "backends", "errors",
)  # fmt: skip


def scenario_title(scenario: ScenarioResult) -> str:
    """Return a title such as "read, 25/s" or "burst of 40"."""
    if scenario.rate_rps is not None:
        return f"{scenario.name}, {requests_per_second(scenario.rate_rps)}"
    size = max((block.sent for block in scenario.blocks), default=scenario.sent)
    return f"{'cold burst' if scenario.name == 'burst_cold' else scenario.name} of {size}"


def latency_tables(summary: Summary) -> Iterator[ReportTable]:
    """Yield one table for each scenario and label."""

    def heading(row: SummaryRow) -> str:
        return f"{scenario_title(row.scenario)}, {row.target.label}"

    for title, group in groupby(summary.rows, key=heading):
        rows = tuple(group)
        others = [mean_other_cpus(row.scenario.blocks) for row in rows]
        # Files of earlier versions do not have the work of other processes.
        is_known = any(cpus is not None for cpus in others)
        yield ReportTable(
            title=title,
            columns=(*_LATENCY_COLUMNS, *(("other CPUs",) if is_known else ())),
            rows=tuple(
                (*_latency_cells(row), *((number(cpus),) if is_known else ()))
                for row, cpus in zip(rows, others, strict=True)
            ),
            notes=(*(note for row in rows for note in _void_notes(row)), *_busy_notes(rows, others)),
        )


def _busy_notes(rows: Sequence[SummaryRow], others: Sequence[float | None]) -> Iterator[str]:
    """Yield a note on the targets during whose blocks other processes kept more than half a CPU busy."""
    busy = [
        f"{row.target.name} {cpus:.1f}"
        for row, cpus in zip(rows, others, strict=True)
        if cpus is not None and cpus > MOST_OTHER_CPUS
    ]
    if busy:
        yield f"CPUs that other processes kept busy during the blocks: {', '.join(busy)}."


def _latency_cells(row: SummaryRow) -> tuple[str, ...]:
    scenario, latency = row.scenario, row.scenario.latency_ms
    return (
        row.target.name,
        number(scenario.sent),
        number(scenario.ok),
        number(scenario.goodput_rps),
        milliseconds(latency.p50),
        milliseconds(latency.p90),
        milliseconds(latency.p99),
        milliseconds(latency.max),
        "-" if row.ratio is None else ratio(row.ratio.estimate),
        "-" if row.ratio is None else f"{ratio(row.ratio.low)} to {ratio(row.ratio.high)}",
        "void" if scenario.is_void else verdict_cell(row.verdict),
        f"{number(scenario.connections.peak)}/{number(scenario.connections.mean)}",
        ", ".join(f"{name} {count}" for name, count in scenario.errors.items()) or "none",
    )


def verdict_cell(verdict: RatioVerdict) -> str:
    """Return the text of a verdict in a table, with ~ for no difference."""
    return "~" if verdict is RatioVerdict.NO_DIFFERENCE else verdict


def _void_notes(row: SummaryRow) -> Iterator[str]:
    scenario = row.scenario
    reason = next((block.void for block in scenario.blocks if block.void is not None), None)
    blocks = len(scenario.blocks)
    if scenario.is_void:
        yield f"{row.target.name}: all {blocks} blocks are void, so the figures prove nothing; first reason: {reason}."
    elif scenario.void_blocks:
        yield f"{row.target.name}: left out {scenario.void_blocks} of {blocks} blocks as void; first reason: {reason}."


def cold_start_table(run: Run) -> ReportTable:
    """Return the table of cold starts, with a row for each measured target."""

    def median_of(durations_ms: tuple[float, ...]) -> str:
        return milliseconds(median(durations_ms) if durations_ms else None)

    return ReportTable(
        title="Cold starts, in ms from the start of the process to the first answer",
        columns=("target", "label", "starts", "p50", "max", "until ready, p50", "first answer, p50"),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.cold_start_ms.n),
                milliseconds(target.cold_start_ms.p50),
                milliseconds(target.cold_start_ms.max),
                median_of(target.cold_start_ms.phases.ready_ms),
                median_of(target.cold_start_ms.phases.first_response_ms),
            )
            for target in _measured(run)
        ),
        notes=tuple(f"{target.name}: {note}" for target in run.targets for note in target.notes),
    )


def write_table(run: Run) -> ReportTable | None:
    """Return the table of writes, or None for a workload without writes."""
    if write_check(run) == "none":
        return None
    if write_check(run) == "not checked":
        return ReportTable(
            title="Writes, not checked against rows",
            columns=("target", "label", "acknowledged", "without the expected answer"),
            rows=tuple(
                (target.name, target.label, number(target.acknowledged_writes), number(target.ambiguous.sent))
                for target in _measured(run)
            ),
        )
    return ReportTable(
        title="Writes against rows found afterwards",
        columns=("target", "label", "acknowledged", "ambiguous", "of these committed", "rows found"),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.acknowledged_writes),
                number(target.ambiguous.sent),
                number(target.ambiguous.committed),
                number(target.rows_found),
            )
            for target in _measured(run)
        ),
    )


def _measured(run: Run) -> Iterator[TargetResult]:
    return (target for target in run.targets if target.status == "measured")
