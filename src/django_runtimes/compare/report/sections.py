"""The sections of a report, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from django_runtimes.compare.analysis.summary import Summary
from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.cost_sentences import cheapest_sentences, note_sentences
from django_runtimes.compare.cost.cost_tables import detail_tables, month_and_million_tables
from django_runtimes.compare.cost.memory_tuning import MemoryTuning, tunings_of
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.measurement_sentences import block_sentences, capacity_sentences, time_sentences
from django_runtimes.compare.report.plots.backend_plot import backend_plot
from django_runtimes.compare.report.plots.cost_plot import cost_plot
from django_runtimes.compare.report.plots.latency_plots import percentile_plots, rate_plots
from django_runtimes.compare.report.plots.memory_plot import memory_plot
from django_runtimes.compare.report.report_section import ReportSection
from django_runtimes.compare.report.sentences import (
    cold_start_caveats,
    connection_caveats,
    image_sentences,
    latency_caveats,
    method_sentences,
    one_rate_sentences,
    pair_sentences,
    unchecked_sentences,
)
from django_runtimes.compare.report.tables.cold_phase_table import cold_phase_table
from django_runtimes.compare.report.tables.connection_table import connection_table
from django_runtimes.compare.report.tables.figure_tables import cold_start_table, latency_tables, write_table
from django_runtimes.compare.report.tables.lateness_table import lateness_sentences, lateness_table
from django_runtimes.compare.report.tables.memory_table import memory_sentences, memory_table
from django_runtimes.compare.report.tables.percentile_table import percentile_table
from django_runtimes.compare.report.tables.pin_table import pin_table
from django_runtimes.compare.report.tables.resource_table import resource_table
from django_runtimes.compare.report.tables.resource_use_table import resource_use_table
from django_runtimes.compare.report.tables.rule_table import rule_table
from django_runtimes.compare.report.tables.stream_table import stream_table
from django_runtimes.compare.report.tables.wait_table import wait_table


def report_sections(
    run: Run, summary: Summary, analysis: CostAnalysis | None, no_bills: str
) -> Iterator[ReportSection]:
    """Yield the sections; `no_bills` says why `analysis` is None."""
    yield _latency_section(run, summary)
    yield ReportSection(
        "cold-starts",
        "Cold starts",
        tables=tuple(filter(None, (cold_start_table(run), cold_phase_table(run)))),
        caveats=tuple(cold_start_caveats(run)),
    )
    backends = backend_plot(run)
    yield ReportSection(
        "connections",
        "Database connections",
        plots=() if backends is None else (backends,),
        tables=tuple(filter(None, (connection_table(run), wait_table(run), pin_table(run)))),
        caveats=tuple(connection_caveats(run)),
    )
    if (streams := stream_table(run)) is not None:
        yield ReportSection("streams", "Streams", tables=(streams,))
    if (writes := write_table(run)) is not None:
        yield ReportSection("writes", "Writes", tables=(writes,))
    yield _resource_section(run, analysis)
    yield _cost_section(run, analysis, no_bills)
    if tunings := tunings_of(run, analysis):
        yield _memory_section(run, tunings)
    yield ReportSection(
        "method",
        "How it was measured",
        findings=(*method_sentences(summary), *time_sentences(run), *image_sentences(run), *unchecked_sentences(run)),
        tables=(rule_table(run, summary),),
    )
    environment = ReportTable("Recorded with the run", ("name", "value"), tuple(_flat(run.environment)))
    yield ReportSection("environment", "Environment", more=(environment,))


def _latency_section(run: Run, summary: Summary) -> ReportSection:
    rates = tuple(rate_plots(run))
    return ReportSection(
        "latency",
        "Latency",
        findings=(*capacity_sentences(run), *pair_sentences(summary), *block_sentences(run, summary)),
        plots=(*percentile_plots(run), *rates),
        tables=tuple(latency_tables(summary)),
        more=(percentile_table(summary), lateness_table(summary)) if summary.rows else (),
        caveats=(*lateness_sentences(summary), *latency_caveats(run), *(() if rates else one_rate_sentences(summary))),
    )


def _resource_section(run: Run, analysis: CostAnalysis | None) -> ReportSection:
    tables = [resource_use_table(run)]
    if analysis is not None:
        tables.append(resource_table(analysis, StatedLimits.of_environment(run.environment).traffic))
    return ReportSection("resources", "Resources", tables=tuple(tables))


def _cost_section(run: Run, analysis: CostAnalysis | None, no_bills: str) -> ReportSection:
    if analysis is None:
        return ReportSection("cost", "Cost on AWS", findings=(f"There are no bills: {no_bills}.",))
    plot = cost_plot(analysis, StatedLimits.of_environment(run.environment).traffic)
    return ReportSection(
        "cost",
        "Cost on AWS",
        findings=tuple(cheapest_sentences(analysis)),
        plots=() if plot is None else (plot,),
        tables=tuple(month_and_million_tables(analysis)),
        more=detail_tables(analysis),
        caveats=tuple(note_sentences(analysis)),
        caveats_title="Sources and assumptions",
    )


def _memory_section(run: Run, tunings: Sequence[MemoryTuning]) -> ReportSection:
    labels = {target.name: target.label for target in run.targets}
    cpus = run.environment.get("machine", {}).get("cpus")
    tables = [memory_table(tuning, cpus) for tuning in tunings]
    return ReportSection(
        "memory",
        "Memory of the function",
        findings=tuple(memory_sentences(tunings)),
        plots=tuple(
            # The notes are below the section's own table, which report.md has too.
            memory_plot(tuning, replace(table, notes=()), labels[tuning.points[0].name])
            for tuning, table in zip(tunings, tables, strict=True)
        ),
        tables=tuple(tables),
    )


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested values as pairs of a dotted name and a text."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _listed(value)


def _listed(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_listed(item) for item in value)
    return "none" if value is None else str(value)
