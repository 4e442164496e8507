"""Renders decision.md: a dated decision record, filled from the measurements."""

from collections.abc import Iterator

from django_runtimes.compare.recommendation.recommendation import RecommendationKind
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import Content
from django_runtimes.compare.report.markdown import escaped, listed, table_parts

_UNKNOWN_DATE = "an unknown date"
_TITLES = {
    RecommendationKind.CHOSEN: "Run {workload} on {chosen}",
    RecommendationKind.TRADE_OFF: "Where to run {workload}: open",
    RecommendationKind.NONE_MEETS: "Where to run {workload}: no target meets the limits",
    RecommendationKind.WITHHELD: "Where to run {workload}: open, since the measurement must be repeated",
    RecommendationKind.NOTHING: "Where to run {workload}: open, since nothing was measured",
}


def decision_record(run: Run, content: Content) -> str:
    """Return the text of decision.md."""
    return "\n\n".join(_parts(run, content)) + "\n"


def _parts(run: Run, content: Content) -> Iterator[str]:
    summary = content.summary
    recommendation = summary.recommendation
    workload = str(run.environment.get("workload", "the application"))
    chosen = " or ".join(candidate.name for candidate in recommendation.chosen)
    yield f"# {escaped(_TITLES[recommendation.kind].format(workload=workload, chosen=chosen))}"
    measured_at = run.environment.get("finished_at") or run.environment.get("started_at") or _UNKNOWN_DATE
    date = str(measured_at).partition("T")[0]
    status = "proposed" if recommendation.chosen else "open"
    yield f"- Date: {escaped(date)}\n- Status: {status}\n- Evidence: run.json and report.html beside this file"
    yield "## Context"
    yield "\n".join(_context(run, content, workload))
    yield "## Options"
    yield "\n".join(f"- **{escaped(name)}** {escaped(text)}" for name, text in summary.targets)
    yield "## Measured"
    yield escaped(content.overview.title)
    yield from table_parts(content.overview)
    yield "## Decision"
    yield from map(escaped, summary.answer)
    if summary.reasons:
        yield listed(summary.reasons)
    yield "## When to decide again"
    yield listed(summary.conditions) if summary.conditions else "After a run that measures a target."
    yield "## Not known"
    yield listed((*summary.unsupported, *_unknown(content))) or "- Nothing beyond the report's own limits."


def _context(run: Run, content: Content, workload: str) -> Iterator[str]:
    machine = run.environment.get("machine", {})
    cpus = machine.get("cpus") if isinstance(machine, dict) else None
    labels = " and ".join(dict.fromkeys(target.label for target in run.targets))
    where = "" if cpus is None else f" on a machine with {cpus} CPUs"
    yield f"- `webapp compare` measured {escaped(workload)} on {len(run.targets)} targets{where} ({escaped(labels)})."
    limits = content.summary.recommendation.limits
    if limits.are_stated:
        yield f"- The limits: {escaped(' and '.join(limits.texts()))}."
    else:
        yield "- No limits were stated."
    requests = f"{limits.traffic.requests:,.0f} requests per month"
    stated = escaped(limits.traffic.name)
    yield f"- Costs are judged at {stated if stated == requests else f'{stated}, {requests}'}."
    if (revision := run.environment.get("revision")) is not None:
        yield f"- The code: revision {escaped(str(revision))}."


def _unknown(content: Content) -> Iterator[str]:
    """Yield what the sections on speed and connections cannot say; the report has the others."""
    for section in content.sections:
        if section.key in ("latency", "cold-starts", "connections"):
            yield from section.caveats
