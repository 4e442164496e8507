"""Builds the table of the phases of cold starts, with medians and their shares."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from django_runtimes.compare.intervals.order_statistics import rank_interval
from django_runtimes.compare.layout.figures import milliseconds, number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.targets.start_report import StartPhases

_CONFIDENCE = 0.95
# The columns of the phases, in their order. Only the containers of an image have the first phase.
_COLUMNS = {
    "container": "engine_ms",
    "spawn": "spawn_ms",
    "import": "import_ms",
    "django.setup()": "setup_ms",
    "until ready": "load_ms",
    "database": "database_ms",
    "response": "response_ms",
}
_LEGEND = (
    "A phase has its median and its share of the sum of the row's medians. Spawn ends at the first line of Python. "
    "Import lasts until django.setup(); for servers and images it includes the settings. Until ready means the URLs, "
    "the middleware and the server. Database is the first connection with its first query, and response the rest "
    "until the client has the answer."
)
_EMULATED = (
    "The starts were forced on this machine, in random order. They show what the application contributes, and are not "
    "AWS's cold starts."
)


def cold_phase_table(run: Run) -> ReportTable | None:
    """Return a row for each target that reported its phases; None if none did, as in files of earlier versions."""
    reported = {target.name: phases for target in run.targets if (phases := _reported(target))}
    if not reported:
        return None
    columns = {
        column: name
        for column, name in _COLUMNS.items()
        if name != "engine_ms" or any(_values(phases, name) for phases in reported.values())
    }
    targets = [target for target in run.targets if target.name in reported]
    emulated = (_EMULATED,) if any(target.label == "emulated" for target in targets) else ()
    return ReportTable(
        title="Phases of a cold start, in ms",
        columns=("target", "label", "starts", "p50", "95 % interval", *columns),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.cold_start_ms.n),
                milliseconds(target.cold_start_ms.p50),
                _interval(target.cold_start_ms.phases.totals_ms),
                *_cells(reported[target.name], tuple(columns.values())),
            )
            for target in targets
        ),
        notes=(_LEGEND, *emulated, *_worker_notes(reported)),
    )


def _reported(target: TargetResult) -> tuple[StartPhases, ...]:
    if target.status != "measured":
        return ()
    return tuple(each for each in target.cold_start_ms.phases.split if each is not None)


def _values(phases: Sequence[StartPhases], name: str) -> list[float]:
    return [value for each in phases if (value := getattr(each, name)) is not None]


def _interval(totals_ms: Sequence[float]) -> str:
    """Return the interval of the median by order statistics, which needs six starts."""
    ranks = rank_interval(len(totals_ms), 0.5, confidence=_CONFIDENCE)
    if ranks.low is None or ranks.high is None:
        return "-"
    ordered = sorted(totals_ms)
    return f"{milliseconds(ordered[ranks.low - 1])} to {milliseconds(ordered[ranks.high - 1])}"


def _cells(phases: Sequence[StartPhases], names: Sequence[str]) -> Iterator[str]:
    """Yield the median of each phase with its share, or "-" for a phase that the target does not have."""
    medians = [median(values) if (values := _values(phases, name)) else None for name in names]
    total_ms = sum(each for each in medians if each is not None)
    for each in medians:
        yield "-" if each is None or not total_ms else f"{milliseconds(each)} ({each / total_ms:.0%})"


def _worker_notes(reported: Mapping[str, Sequence[StartPhases]]) -> Iterator[str]:
    """Yield a note for each server that forks its workers."""
    for name, phases in reported.items():
        forked = [each for each in phases if each.master_ms is not None]
        if forked:
            master_ms = median(_values(forked, "master_ms"))
            worker_ms = median(each.worker_ms or 0.0 for each in forked)
            yield (
                f"{name}: the master took {milliseconds(master_ms)} ms until it forked the worker that answered first, "
                f"and that worker took {milliseconds(worker_ms)} ms from there until it was ready."
            )
