"""The content of a report, as sentences and tables of text, for every format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.diagnosis.diagnosis import Diagnosis
from django_runtimes.compare.report.figure_tables import cold_start_table, connection_table, latency_tables, write_table
from django_runtimes.compare.report.percentile_table import percentile_table
from django_runtimes.compare.report.report_table import ReportTable
from django_runtimes.compare.report.sentences import (
    image_sentences,
    limit_sentences,
    method_sentences,
    pair_sentences,
    unchecked_sentences,
)
from django_runtimes.compare.run.results import Run, TargetResult


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
    method: tuple[str, ...]
    pairs: tuple[str, ...]
    limits: tuple[str, ...]
    failures: tuple[TargetFailure, ...]
    latencies: tuple[ReportTable, ...]
    percentiles: ReportTable
    cold_starts: ReportTable
    connections: ReportTable
    writes: ReportTable | None
    environment: ReportTable


def content_of(run: Run) -> Content:
    """Return the content of a run's reports."""
    summary = summarize(run)
    return Content(
        title=f"Comparison of {run.environment.get('workload', 'an application')} on {len(run.targets)} targets",
        method=tuple(method_sentences(summary)),
        pairs=tuple(pair_sentences(summary)),
        limits=(*image_sentences(run), *unchecked_sentences(run), *limit_sentences(run)),
        failures=tuple(_failure(target) for target in run.targets if target.status == "failed"),
        latencies=tuple(latency_tables(summary)),
        percentiles=percentile_table(summary),
        cold_starts=cold_start_table(run),
        connections=connection_table(run),
        writes=write_table(run),
        environment=ReportTable("Environment", ("name", "value"), tuple(_flat(run.environment))),
    )


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
