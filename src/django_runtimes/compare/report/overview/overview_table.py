"""The one table of a summary: a row for each target, with its speed, its connections and its bill."""

from collections.abc import Iterable, Iterator, Sequence

from django_runtimes.compare.analysis.summary import Summary, SummaryRow
from django_runtimes.compare.cost.cost_sentences import legend_sentences
from django_runtimes.compare.layout.figures import milliseconds, number, ratio, requests_per_second
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.recommendation.candidate import Candidate, shown_scenarios
from django_runtimes.compare.recommendation.recommendation import Recommendation
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.tables.figure_tables import verdict_cell

RATIO_NOTE = (
    "A ratio is the centre of the ratios of blocks that ran in the same round, so it may differ from the quotient of "
    "two medians."
)


def overview_table(run: Run, summary: Summary, recommendation: Recommendation) -> ReportTable:
    """Return the table of the measured targets, with each steady scenario at the middle of its rates."""
    rows_of = {
        target.name: [row for row in summary.rows if row.target is target and row.scenario in shown_scenarios(target)]
        for target in run.targets
        if target.status == "measured"
    }
    names = list(dict.fromkeys(row.scenario.name for rows in rows_of.values() for row in rows))
    scenario_columns = tuple(column for name in names for column in (f"{name} p50", f"{name} p99", "verdict"))
    candidates = recommendation.candidates
    labels = list(dict.fromkeys(candidate.target.label for candidate in candidates))
    # Labels that are all the same are in the title.
    label_columns = ("label",) if len(labels) > 1 else ()
    label = f", {labels[0]}" if len(labels) == 1 else ""
    return ReportTable(
        title=(
            f"Latency in ms{label} ({_rates(rows_of.values())}), and USD per month at "
            f"{recommendation.limits.traffic.name}"
        ),
        columns=("target", *label_columns, *scenario_columns, "backends", "cold start", "USD/month"),
        rows=tuple(
            (
                candidate.name,
                *((candidate.target.label,) if label_columns else ()),
                *_cells_of(candidate, rows_of.get(candidate.name, []), names),
            )
            for candidate in candidates
        ),
        notes=tuple(_notes(rows_of.values(), recommendation)),
    )


def _notes(groups: Iterable[Sequence[SummaryRow]], recommendation: Recommendation) -> Iterator[str]:
    """Yield the relation of ratios and medians, and the legend of the mark of unverified prices."""
    if any(row.ratio is not None for rows in groups for row in rows):
        yield RATIO_NOTE
    bills = [
        billed.bill(candidate.traffic)
        for candidate in recommendation.candidates
        for billed in (candidate.billed, *candidate.others)
        if billed is not None
    ]
    yield from legend_sentences(bills)


def _rates(groups: Iterable[Sequence[SummaryRow]]) -> str:
    scenarios = {row.scenario.name: row.scenario.rate_rps or 0.0 for rows in groups for row in rows}
    return ", ".join(f"{name}s at {requests_per_second(rate_rps)}" for name, rate_rps in scenarios.items())


def _cells_of(candidate: Candidate, rows: Sequence[SummaryRow], names: Sequence[str]) -> tuple[str, ...]:
    by_name = {row.scenario.name: row for row in rows}
    cells: list[str] = []
    for name in names:
        row = by_name.get(name)
        if row is None:
            cells += ["-", "-", "-"]
        else:
            latency = row.scenario.latency_ms
            cells += [milliseconds(latency.p50), milliseconds(latency.p99), verdict_text(row)]
    target = candidate.target
    return (
        *cells,
        number(target.connections.peak),
        milliseconds(target.cold_start_ms.p50),
        candidate.usd_text,
    )


def verdict_text(row: SummaryRow) -> str:
    """Return the verdict with its ratio, such as "0.28 faster"; "void" if no block is valid."""
    if row.scenario.is_void:
        return "void"
    verdict = verdict_cell(row.verdict)
    return verdict if row.ratio is None else f"{ratio(row.ratio.estimate)} {verdict}"
