"""The content of a report, as sentences, tables and plots, for every format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.cost.memory_tuning import tunings_of
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.diagnosis import Diagnosis
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.report.measurement_sentences import block_sentences, capacity_sentences, time_sentences
from django_runtimes.compare.report.overview.overview_table import overview_table
from django_runtimes.compare.report.overview.report_summary import ReportSummary, report_summary
from django_runtimes.compare.report.report_section import ReportSection
from django_runtimes.compare.report.sections import report_sections
from django_runtimes.compare.report.sentences import (
    error_sentences,
    image_sentences,
    mariadb_of,
    pair_sentences,
    unchecked_sentences,
    void_sentences,
)
from django_runtimes.compare.report.tables.lateness_table import lateness_sentences
from django_runtimes.compare.report.tables.memory_table import memory_sentences


@dataclass(frozen=True)
class TargetFailure:
    """A failed target, with the error in its log and its differences from a target that worked."""

    name: str
    error: str
    log: tuple[str, ...] = ()
    log_title: str = ""
    kept_log: str | None = None
    differences: ReportTable | None = None


@dataclass(frozen=True)
class Content:
    """All parts of a report, in order."""

    title: str
    subtitle: str
    summary: ReportSummary
    overview: ReportTable
    # The errors, the void blocks, the A/A pairs and the unchecked parts of the run, in short.
    remarks: tuple[str, ...]
    failures: tuple[TargetFailure, ...]
    sections: tuple[ReportSection, ...]


def content_of(run: Run, outcomes: Sequence[GateOutcome] = ()) -> Content:
    """Return the content of a run's reports, with the outcomes of its conditions."""
    summary = summarize(run)
    analysis, no_bills = _bills(run)
    first = report_summary(run, summary, analysis)
    return Content(
        title=f"Comparison of {run.environment.get('workload', 'an application')} on {len(run.targets)} targets",
        subtitle=" · ".join(_facts(run)),
        summary=first,
        overview=overview_table(run, summary, first.recommendation),
        remarks=(
            *memory_sentences(tunings_of(run, analysis)),
            *capacity_sentences(run),
            *time_sentences(run),
            *pair_sentences(summary),
            *block_sentences(run, summary),
            *error_sentences(summary),
            *void_sentences(summary),
            *lateness_sentences(summary),
            *unchecked_sentences(run),
            *image_sentences(run),
        ),
        failures=tuple(_failure(target) for target in run.targets if target.status == "failed"),
        sections=(*_conditions(outcomes), *report_sections(run, summary, analysis, no_bills)),
    )


def _conditions(outcomes: Sequence[GateOutcome]) -> Iterator[ReportSection]:
    if outcomes:
        yield ReportSection("conditions", "Conditions", findings=tuple(outcome.line for outcome in outcomes))


def _bills(run: Run) -> tuple[CostAnalysis | None, str]:
    """Return the analysis of the cost, or None with the reason why there is none."""
    try:
        limits = StatedLimits.of_environment(run.environment)
        own_traffic = None if limits.requests_per_month is None else limits.traffic
        return analyze_cost(run, own_traffic=own_traffic), ""
    except UsageError as error:
        return None, str(error)


def _facts(run: Run) -> Iterator[str]:
    """Yield the date, the label and the revision of the run."""
    finished_at = run.environment.get("finished_at")
    if finished_at is not None:
        yield f"measured {str(finished_at).replace('T', ' ').partition('+')[0]} UTC"
    if labels := dict.fromkeys(target.label for target in run.targets):
        yield " and ".join(labels)
    if (server := mariadb_of(run)) is not None:
        yield server
    if (revision := run.environment.get("revision")) is not None:
        yield f"revision {revision}"


def _failure(target: TargetResult) -> TargetFailure:
    diagnosis = target.diagnosis
    if diagnosis is None:
        return TargetFailure(target.name, target.error or "")
    differences = ReportTable(
        title=f"Differs from {diagnosis.worked}, which worked",
        columns=("name", "value", "value that worked"),
        rows=tuple((each.name, each.failed, each.worked) for each in diagnosis.differences),
    )
    return TargetFailure(
        target.name,
        target.error or "",
        log=diagnosis.log or ("nothing",),
        log_title=_log_title(diagnosis),
        kept_log=diagnosis.kept_log,
        differences=differences if differences.rows else None,
    )


def _log_title(diagnosis: Diagnosis) -> str:
    if not diagnosis.log:
        return "It logged"
    return "No error was recognized in its log, which ends" if diagnosis.is_excerpt else "The first error of its log"
