"""What a report says, as sentences and tables of text, whatever it is shown on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from django_runtimes.compare.diagnosis.diagnosis import Diagnosis
from django_runtimes.compare.load.block import TIMEOUT_S
from django_runtimes.compare.report.figures import milliseconds, number, ratio, requests_per_second
from django_runtimes.compare.run.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.run.summary import Pair, Summary, SummaryRow, summarize

# Columns of words; all others hold figures and are set flush right.
TEXT_COLUMNS = frozenset({"target", "label", "verdict", "errors", "name", "value", "value that worked"})


@dataclass(frozen=True)
class ReportTable:
    """Rows of text; the first column names the target."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetFailure:
    """A target that failed, what its log says of it, and how it differs from one that worked."""

    name: str
    error: str
    log: tuple[str, ...] = ()
    log_title: str = ""
    kept_log: str | None = None
    differences: ReportTable | None = None


@dataclass(frozen=True)
class Content:
    """All parts of a report, in their order."""

    title: str
    method: tuple[str, ...]
    pairs: tuple[str, ...]
    limits: tuple[str, ...]
    failures: tuple[TargetFailure, ...]
    latencies: tuple[ReportTable, ...]
    cold_starts: ReportTable
    connections: ReportTable
    writes: ReportTable | None
    environment: ReportTable


_LATENCY_COLUMNS = (
    "target", "sent", "ok", "p50", "p90", "p99", "max", "ratio", "95 % interval", "verdict", "backends", "errors",
)  # fmt: skip


def content_of(run: Run) -> Content:
    """Everything that the reports of a run say."""
    summary = summarize(run)
    return Content(
        title=f"Comparison of {run.environment.get('workload', 'an application')} on {len(run.targets)} targets",
        method=tuple(_how_it_was_measured(summary)),
        pairs=tuple(_what_pairs_show(summary)),
        limits=(*_what_ran(run), *_what_was_not_checked(run), *_what_may_not_be_claimed(run)),
        failures=tuple(_failure(target) for target in run.targets if target.status == "failed"),
        latencies=tuple(_latency_tables(summary)),
        cold_starts=_cold_start_table(run),
        connections=_connection_table(run),
        writes=_write_table(run),
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


def scenario_title(scenario: ScenarioResult) -> str:
    """Such as "read, 25/s" or "burst of 40"."""
    if scenario.rate_rps is not None:
        return f"{scenario.name}, {requests_per_second(scenario.rate_rps)}"
    size = max((block.sent for block in scenario.blocks), default=scenario.sent)
    return f"{'cold burst' if scenario.name == 'burst_cold' else scenario.name} of {size}"


def _how_it_was_measured(summary: Summary) -> Iterator[str]:
    yield (
        "Latency counts in ms from the moment a request was due, whatever became of the earlier ones. It covers the "
        f"expected answers and, at {TIMEOUT_S:g} s, the timeouts; other errors are counted apart."
    )
    if summary.reference is not None:
        yield (
            f"The ratio is that of the median latency to {summary.reference}'s in the same block: below 1 is faster. "
            "It is the median over all blocks, with a bootstrap 95 % interval; an interval that crosses 1 shows no "
            "difference."
        )
    if users := summary.virtual_users:
        yield f"Requests have the cookies of {users} virtual users, who got them before anything was measured."
    yield "A p99 is given from 1,000 samples on. Percentiles are taken from merged histograms, never averaged."


def _what_pairs_show(summary: Summary) -> Iterator[str]:
    for pair in summary.pairs:
        yield _pair_sentence(pair)
    if summary.names_no_winner:
        yield "A/A differs: no winner is named in this run."


def _pair_sentence(pair: Pair) -> str:
    names = f"{pair.first} and {pair.second} start the same process (A/A), so neither can win"
    if pair.ratio is None:
        return f"{names}; there were too few blocks to see whether they measure the same."
    interval = f"{ratio(pair.ratio.low)} to {ratio(pair.ratio.high)}"
    found = "but they differ" if pair.differs else "as it should be"
    return f"{names}: ratio {ratio(pair.ratio.median)}, {interval}, {found}."


def _what_ran(run: Run) -> Iterator[str]:
    image = run.environment.get("image")
    if image is None:
        return
    details = run.environment["targets"]
    limits = {target.runtime: details[target.name]["limits"] for target in run.targets if target.name in details}
    yield (
        f"The image {image['reference']} was measured in containers of {image['engine']}, each with limits: "
        f"{'; '.join(f'{runtime} {limit}' for runtime, limit in limits.items())}. A CPU is the time of one of this "
        f"machine's. {image['container_start_ms']:.0f} ms of each start make the container."
    )


def _what_was_not_checked(run: Run) -> Iterator[str]:
    if _writes(run) == "none":
        yield "The workload reads alone: nothing is said about writes."
    if elsewhere := [target.name for target in run.targets if not target.reaches_database]:
        yield (
            f"Most requests of {', '.join(elsewhere)} reached no database, as its transactions were counted: little is "
            "said about connections and routes. Name requests that read from the database."
        )
    if _writes(run) == "not checked":
        yield "Writes were not checked: the workload has no [rows], so no acknowledged write was looked for."


def _what_may_not_be_claimed(run: Run) -> Iterator[str]:
    if run.environment.get("interrupted"):
        yield "This run was interrupted: it holds what was measured until then."
    if any(target.label == "emulated" for target in run.targets):
        yield (
            "Emulated figures come from one machine. They may claim errors, database connections, round trips and "
            "ratios within this machine; not AWS's cold starts or tails, Fargate's capacity or RDS Proxy's behaviour."
        )
    if any(target.runtime == "aws_lambda" and target.label == "emulated" for target in run.targets):
        yield "The emulated Lambda's front behaves as a function URL; an API Gateway in front was not measured."
    if any(target.route == "proxy" and target.label == "emulated" for target in run.targets):
        yield "PgBouncer in transaction mode stands in for RDS Proxy."
    if any(scenario.name == "burst_cold" for target in run.targets for scenario in target.scenarios):
        yield (
            "A cold burst starts all its execution environments at once on this machine's CPUs: it shows their number, "
            "where Lambda gives each environment its own."
        )
    yield (
        "Backends at their peak and on average are sampled, so that they are lower bounds; opened connections are "
        "counted by PostgreSQL."
    )
    if any(target.runtime == "aws_app_runner" for target in run.targets):
        yield (
            "App Runner has been closed to new customers since 2026-04-30; AWS names ECS Express Mode as its successor."
        )


def _latency_tables(summary: Summary) -> Iterator[ReportTable]:
    def heading(row: SummaryRow) -> str:
        return f"{scenario_title(row.scenario)}, {row.target.label}"

    for title, group in groupby(summary.rows, key=heading):
        rows = tuple(group)
        yield ReportTable(
            title=title,
            columns=_LATENCY_COLUMNS,
            rows=tuple(_latency_cells(row) for row in rows),
            notes=tuple(note for row in rows for note in _void_notes(row)),
        )


def _latency_cells(row: SummaryRow) -> tuple[str, ...]:
    scenario, latency = row.scenario, row.scenario.latency_ms
    return (
        row.target.name,
        number(scenario.sent),
        number(scenario.ok),
        milliseconds(latency.p50),
        milliseconds(latency.p90),
        milliseconds(latency.p99),
        milliseconds(latency.max),
        "-" if row.ratio is None else ratio(row.ratio.median),
        "-" if row.ratio is None else f"{ratio(row.ratio.low)} to {ratio(row.ratio.high)}",
        "void" if _is_void(scenario) else row.verdict,
        f"{number(scenario.connections.peak)}/{number(scenario.connections.mean)}",
        ", ".join(f"{name} {count}" for name, count in scenario.errors.items()) or "none",
    )


def _is_void(scenario: ScenarioResult) -> bool:
    return 0 < scenario.void_blocks == len(scenario.blocks)


def _void_notes(row: SummaryRow) -> Iterator[str]:
    scenario = row.scenario
    reason = next((block.void for block in scenario.blocks if block.void is not None), None)
    blocks = len(scenario.blocks)
    if _is_void(scenario):
        yield f"{row.target.name}: all {blocks} blocks are void, their figures prove nothing; the first: {reason}."
    elif scenario.void_blocks:
        yield f"{row.target.name}: {scenario.void_blocks} of {blocks} blocks left out as void; the first: {reason}."


def _cold_start_table(run: Run) -> ReportTable:
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


def _connection_table(run: Run) -> ReportTable:
    def burst_peak(target: TargetResult, name: str) -> str:
        return number(next((each.connections.peak for each in target.scenarios if each.name == name), None))

    return ReportTable(
        title="Database connections",
        columns=("target", "label", "peak", "mean", "opened", "peak in the burst", "peak in the cold burst"),
        rows=tuple(
            (
                target.name,
                target.label,
                number(target.connections.peak),
                number(target.connections.mean),
                number(target.connections.opened),
                burst_peak(target, "burst"),
                burst_peak(target, "burst_cold"),
            )
            for target in _measured(run)
        ),
    )


def _write_table(run: Run) -> ReportTable | None:
    """None where nothing was written."""
    if _writes(run) == "none":
        return None
    if _writes(run) == "not checked":
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


def _writes(run: Run) -> str:
    """Whether rows were compared with writes: "checked", "not checked" or "none" without writes."""
    writes: str = run.environment.get("writes", "checked")
    return writes


def _measured(run: Run) -> Iterator[TargetResult]:
    return (target for target in run.targets if target.status == "measured")


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as one list of dotted names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _listed(value)


def _listed(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_listed(item) for item in value)
    return "none" if value is None else str(value)
