"""The content of a report on several runs, as sentences and tables of text, for every format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django_runtimes.compare.analysis.ratio import SAME_FROM, SAME_TO
from django_runtimes.compare.analysis.summary import PairProblem, RatioVerdict
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.layout.figures import milliseconds, number, ratio
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import TargetResult
from django_runtimes.compare.report.measurement_sentences import block_sentences
from django_runtimes.compare.report.sentences import pair_sentences
from django_runtimes.compare.report.tables.figure_tables import scenario_title, verdict_cell
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, RunComparison, RunRow

_CERTAIN = (RatioVerdict.SLOWER, RatioVerdict.FASTER)
_P99_COLUMNS = ("p99 ratio", "p99 interval", "p99 verdict")


@dataclass(frozen=True)
class RunSection:
    """The comparison of one run with the first one."""

    title: str
    # The differences of the environments, which may explain every verdict.
    environments: tuple[str, ...]
    verdicts: tuple[str, ...]
    latencies: tuple[ReportTable, ...]
    others: ReportTable
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RunsContent:
    """All parts of the report on several runs, in order."""

    title: str
    warning: str
    runs: ReportTable
    # The outcomes of --fail-if.
    conditions: tuple[str, ...]
    sections: tuple[RunSection, ...]
    method: tuple[str, ...]


def runs_content(
    runs: Sequence[NamedRun], comparisons: Sequence[RunComparison], outcomes: Sequence[GateOutcome] = ()
) -> RunsContent:
    """Return the content of a report on these runs, of which the first is the reference."""
    return RunsContent(
        title=f"Comparison of {len(runs)} runs with {runs[0].name} as the reference",
        warning=(
            "Runs at different times differ by more than the noise within a run: other programs, the processor's "
            "temperature and updates change the speed of a machine. A verdict says that the figures differ, and not "
            "that the code is the reason. Repeat both runs before you act on a small difference."
        ),
        runs=_run_table(runs),
        conditions=tuple(outcome.line for outcome in outcomes),
        sections=tuple(_section(comparison) for comparison in comparisons),
        method=tuple(_method()),
    )


def _run_table(runs: Sequence[NamedRun]) -> ReportTable:
    def value(named: NamedRun, key: str) -> str:
        return str(named.run.environment.get(key) or "unknown")

    return ReportTable(
        title="The runs",
        columns=("run", "file", "finished", "revision", "workload"),
        rows=tuple(
            (named.name, str(named.path), *(value(named, key) for key in ("finished_at", "revision", "workload")))
            for named in runs
        ),
    )


def _section(comparison: RunComparison) -> RunSection:
    return RunSection(
        title=f"{comparison.second.name} compared with {comparison.first.name}",
        environments=tuple(_environment_sentences(comparison)),
        verdicts=tuple(_verdict_sentences(comparison)),
        latencies=tuple(_latency_tables(comparison)),
        others=_other_table(comparison),
        warnings=comparison.missing,
    )


def _verdict_sentences(comparison: RunComparison) -> Iterator[str]:
    if comparison.mismatch is not None:
        yield f"Nothing was compared: {comparison.mismatch}."
    if comparison.is_same:
        yield f"{comparison.first.name} and {comparison.second.name} are the same measurements."
    for verdict, text in ((RatioVerdict.SLOWER, "slower"), (RatioVerdict.FASTER, "faster")):
        rows = [row for row in comparison.rows if verdict in (row.verdict, row.p99_verdict)]
        if rows:
            yield f"{text.capitalize()}: {', '.join(_row_title(row, verdict) for row in rows)}."
    for problem in PairProblem:
        names = " and ".join(named.name for named, found in comparison.pair_problems if found is problem)
        if names:
            yield f"An A/A pair of {names} {problem}, so there are no verdicts."
    if comparison.rows and not comparison.pair_problems and not any(row.verdict in _CERTAIN for row in comparison.rows):
        yield "No median differs for certain."
    if comparison.independent < 1:
        yield (
            "Successive blocks resemble each other, since the speed of the machine drifts: for the intervals, "
            f"{comparison.independent:.0%} of the blocks count as independent."
        )
    certain = [row.ratio for row in comparison.rows if row.ratio is not None and row.ratio.excludes_one]
    if len(certain) == len(comparison.rows) > 1 and len({each.estimate > 1 for each in certain}) == 1:
        low, high = (pick(each.estimate for each in certain) for pick in (min, max))
        yield (
            f"Every target changed in the same direction, by {ratio(low)} to {ratio(high)}: the machine may have "
            "changed, or something that all targets share."
        )
    for named, summary in zip((comparison.first, comparison.second), comparison.summaries, strict=True):
        if not summary.pairs:
            yield f"{named.name} has no A/A pair, so nothing shows how far its figures can be trusted."
        for sentence in (*pair_sentences(summary), *block_sentences(named.run, summary)):
            yield f"{named.name}: {sentence}"


def _row_title(row: RunRow, verdict: RatioVerdict) -> str:
    found = [
        f"{name} {ratio(each.estimate)}"
        for name, each, judged in (("p50", row.ratio, row.verdict), ("p99", row.p99_ratio, row.p99_verdict))
        if each is not None and judged is verdict
    ]
    return f"{row.target} at {scenario_title(row.scenario)} ({', '.join(found)})"


def _latency_tables(comparison: RunComparison) -> Iterator[ReportTable]:
    has_p99 = any(row.p99_verdict is not None for row in comparison.rows)
    first, second = comparison.first.name, comparison.second.name
    columns: tuple[str, ...] = ("target", f"p50, {first}", f"p50, {second}", "ratio", "interval", "verdict")
    if has_p99:
        columns += (f"p99, {first}", f"p99, {second}", *_P99_COLUMNS)
    for title, rows in groupby(comparison.rows, key=lambda row: scenario_title(row.scenario)):
        yield ReportTable(title, columns, tuple(_latency_cells(row)[: len(columns)] for row in rows))


def _latency_cells(row: RunRow) -> tuple[str, ...]:
    p50_ms, p99_ms = (
        [milliseconds(getattr(each.latency_ms, name)) for each in (row.base, row.scenario)] for name in ("p50", "p99")
    )
    return (
        row.target,
        *p50_ms,
        *(("-", "-") if row.ratio is None else (ratio(row.ratio.estimate), _interval(row.ratio.low, row.ratio.high))),
        verdict_cell(row.verdict),
        *p99_ms,
        *(
            ("-", "-")
            if row.p99_ratio is None
            else (ratio(row.p99_ratio.estimate), _interval(row.p99_ratio.low, row.p99_ratio.high))
        ),
        "-" if row.p99_verdict is None else verdict_cell(row.p99_verdict),
    )


def _interval(low: float, high: float) -> str:
    return f"{ratio(low)} to {ratio(high)}"


def _other_table(comparison: RunComparison) -> ReportTable:
    """Return the figures that get no verdict, as "before, now"."""
    first, second = (
        {target.name: target for target in named.run.targets if target.status == "measured"}
        for named in (comparison.first, comparison.second)
    )
    return ReportTable(
        title=f"Other figures, {comparison.first.name} and {comparison.second.name}",
        columns=("target", "cold start p50, ms", "peak connections", "errors %"),
        rows=tuple(
            (
                name,
                _both(milliseconds(each.cold_start_ms.p50) for each in (first[name], target)),
                _both(number(each.connections.peak) for each in (first[name], target)),
                _both(_errors(each) for each in (first[name], target)),
            )
            for name, target in second.items()
            if name in first
        ),
    )


def _both(values: Iterator[str]) -> str:
    return ", ".join(values)


def _errors(target: TargetResult) -> str:
    sent = sum(scenario.sent for scenario in target.scenarios)
    ok = sum(scenario.ok for scenario in target.scenarios)
    return f"{100 * (1 - ok / sent):.2f}" if sent else "-"


def _environment_sentences(comparison: RunComparison) -> Iterator[str]:
    for named in (comparison.first, comparison.second):
        if named.run.environment.get("interrupted"):
            yield f"{named.name} was interrupted, so it has only the measurements before the interruption."
    first, second = comparison.first.name, comparison.second.name
    for each in comparison.differences:
        yield f"{each.name} differs: {each.first} in {first}, {each.second} in {second}."


def _method() -> Iterator[str]:
    yield (
        "A ratio divides a target's median latency by the same target's in the reference run: above 1 is slower than "
        "before. It is the centre of the quotients of all blocks of both runs (Hodges-Lehmann estimate), with the "
        "interval of the rank-sum test of Mann and Whitney. The intervals are widened for their number, and if "
        "successive blocks resemble each other."
    )
    yield (
        f"An interval that excludes 1 shows a difference. An interval within {SAME_FROM:g} to {SAME_TO:g} shows that "
        "there is none (~). All others are undecided. The blocks of different runs are not pairs, so slow and fast "
        "phases of the machine widen these intervals."
    )
