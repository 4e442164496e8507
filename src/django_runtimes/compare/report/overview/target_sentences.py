"""One sentence for each target: its speed, its connections, its start and its bill."""

from collections.abc import Iterator, Sequence
from statistics import median

from django_runtimes.compare.analysis.summary import RatioVerdict, Summary, SummaryRow
from django_runtimes.compare.layout.figures import milliseconds, number, ratio, requests_per_second
from django_runtimes.compare.recommendation.candidate import Candidate, shown_scenarios
from django_runtimes.compare.recommendation.recommendation import Recommendation
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.record.stream_result import StreamResult


def target_sentences(run: Run, summary: Summary, recommendation: Recommendation) -> Iterator[tuple[str, str]]:
    """Yield each target's name and the rest of its sentence."""
    candidates = {candidate.name: candidate for candidate in recommendation.candidates}
    traffic = recommendation.limits.traffic.name
    for target in run.targets:
        candidate = candidates.get(target.name)
        if candidate is None:
            yield target.name, "failed, so it has no figures."
        else:
            yield target.name, f"({target.label}) {_measured(target, _rows(summary, target), candidate, traffic)}."


def _rows(summary: Summary, target: TargetResult) -> list[SummaryRow]:
    shown = shown_scenarios(target)
    return [row for row in summary.rows if row.target is target and row.scenario in shown]


def _measured(target: TargetResult, rows: Sequence[SummaryRow], candidate: Candidate, traffic: str) -> str:
    parts = []
    if rows:
        rates = {row.scenario.rate_rps for row in rows}
        same = f" at {requests_per_second(rows[0].scenario.rate_rps or 0.0)}" if len(rates) == 1 else ""
        speeds = [_speed(row, with_rate=len(rates) > 1) for row in rows]
        parts.append(f"answers {' and '.join(speeds)}{same}")
    if streams := [_stream(each) for each in target.streams if each.last_byte_ms]:
        parts.append(f"streams {' and '.join(streams)}")
    if target.connections.peak is not None:
        held = f"at most {number(target.connections.peak)} database connections"
        parts.append(f"held {held if target.connections.peak else 'no database connection'}")
    if target.cold_start_ms.p50 is not None:
        parts.append(f"takes {milliseconds(target.cold_start_ms.p50)} ms for a cold start")
    if candidate.usd is not None:
        parts.append(f"costs {candidate.usd_text} USD per month at {traffic} ({_billed(candidate)})")
    return _listed(parts) if parts else "has no figures"


def _stream(stream: StreamResult) -> str:
    first, last = (milliseconds(median(values)) for values in (stream.first_byte_ms, stream.last_byte_ms))
    return f"{stream.name!r} with the first byte after {first} ms and the last after {last} ms (medians)"


def _billed(candidate: Candidate) -> str:
    """Return the choices that the bill contains, and the amounts of the others."""
    setup = "" if candidate.billed is None else candidate.billed.setup
    others = (
        f"; {billed.bill(candidate.traffic).text} {billed.brief_setup(candidate.traffic)}"
        for billed in candidate.others
    )
    return f"{setup}{''.join(others)}"


def _speed(row: SummaryRow, *, with_rate: bool) -> str:
    scenario, latency = row.scenario, row.scenario.latency_ms
    p99 = f", p99 {milliseconds(latency.p99)} ms" if latency.p99 is not None else ""
    times = "" if row.ratio is None else f"{ratio(row.ratio.estimate)} times the reference's: "
    verdict = "the reference" if row.verdict is RatioVerdict.REFERENCE else f"{times}{row.verdict}"
    if scenario.is_void:
        verdict = "void, so it proves nothing"
    rate = f" at {requests_per_second(scenario.rate_rps or 0.0)}" if with_rate else ""
    return f"{scenario.name}s in {milliseconds(latency.p50)} ms{rate} (median{p99}, {verdict})"


def _listed(parts: Sequence[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)}, and {last}" if others else last
