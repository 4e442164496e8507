"""The figures of the cases, as table rows, Markdown and JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.faults.figures.trials import Verdict

_HEAD = (
    "| # | fault | target | repetitions | worst figures (≤ limit, ≥ proof of the fault) | verdict |",
    "|---|---|---|---|---|---|",
)
_NOTE = (
    "Emulated: one machine, PostgreSQL and PgBouncer (in place of RDS Proxy) on 127.0.0.1. Each figure is the "
    "worst of the repetitions. `ambiguous` counts writes that the database holds although the client saw an error."
)


def row(verdict: Verdict) -> str:
    """Return one case as a row of the table."""
    case = verdict.case
    figures = ", ".join(_figure(name, value, verdict) for name, value in verdict.worst.items())
    end = "passed" if verdict.passed else f"FAILED: {verdict.problem or ', '.join(verdict.exceeded + verdict.missed)}"
    cells = (case.number, case.name, case.target, verdict.repetitions, figures, " ".join(end.replace("|", "/").split()))
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def write_report(verdicts: Sequence[Verdict], directory: Path, *, name: str = "faults") -> None:
    """Write `name`.md and `name`.json, whether the cases passed or not."""
    directory.mkdir(exist_ok=True)
    ordered = sorted(verdicts, key=lambda verdict: (verdict.case.number, verdict.case.target))
    lines = ["# Faults", "", _NOTE, "", *_HEAD, *(row(verdict) for verdict in ordered)]
    (directory / f"{name}.md").write_text("\n".join(lines) + "\n")
    cases = [_as_json(verdict) for verdict in ordered]
    (directory / f"{name}.json").write_text(json.dumps({"cases": cases}, indent=2) + "\n")


def _figure(name: str, value: float, verdict: Verdict) -> str:
    limit = f" ≤ {verdict.limits[name]:g}" if name in verdict.limits else ""
    least = f" ≥ {verdict.least[name]:g}" if name in verdict.least else ""
    return f"{name} {value:g}{limit}{least}"


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "number": verdict.case.number,
        "name": verdict.case.name,
        "target": verdict.case.target,
        "repetitions": verdict.repetitions,
        # JSON cannot express the infinite time of a recovery that never happened.
        "worst": {name: value if value != float("inf") else None for name, value in verdict.worst.items()},
        "limits": dict(verdict.limits),
        "least": dict(verdict.least),
        "passed": verdict.passed,
        "problem": verdict.problem,
    }
