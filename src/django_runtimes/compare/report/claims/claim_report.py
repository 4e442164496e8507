"""Renders tested claims as Markdown and as a self-contained HTML page."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.compare.record.claim_result import ClaimResult
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.claims.claim_table import claim_figures, claim_table
from django_runtimes.compare.report.html_page import render_page, table_context
from django_runtimes.compare.report.markdown import escaped, listed, table_parts

_TITLE = "Claims, tested"
_TEMPLATE = Path(__file__).parent.parent / "templates/claims.html"
_INTERVALS = (
    "Counts decide claims about connections. Ratios of durations come from rounds in which each alternative was "
    "measured once, in random order; their intervals are exact signed-rank intervals of 95 %."
)
_EMULATED = (
    "Everything ran on one machine, so no duration is a claim about AWS. Each claim states what of it was emulated."
)


def render_claims_markdown(run: Run) -> str:
    """Return the text of report.md for a run of claims."""
    parts = [f"# {_TITLE}", listed(_sentences(run)), *table_parts(claim_table(run))]
    for result in run.claims:
        parts += [f"## {escaped(result.claim)}", listed(f"{name}: {text}" for name, text in _details(result))]
        if result.figures:
            parts += table_parts(claim_figures(result))
    return "\n\n".join([*parts, "## Environment", listed(_environment(run))]) + "\n"


def render_claims_html(run: Run) -> str:
    """Return the text of report.html for a run of claims."""
    context = {
        "title": _TITLE,
        "sentences": list(_sentences(run)),
        "claims": [
            {
                "result": result,
                "details": list(_details(result)),
                "figures": table_context(claim_figures(result), label=f"Figures: {result.claim}"),
            }
            for result in run.claims
        ],
        "environment": list(_environment(run)),
    }
    return render_page(_TEMPLATE, context)


def _sentences(run: Run) -> Iterator[str]:
    counts = Counter(result.verdict for result in run.claims)
    yield f"Of {len(run.claims)} claims: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}."
    if run.environment.get("interrupted"):
        yield "This run was interrupted, so it has only the claims that were tested before the interruption."
    yield _EMULATED
    yield _INTERVALS


def _details(result: ClaimResult) -> Iterator[tuple[str, str]]:
    yield "Verdict", f"{result.verdict}, as {result.reason}" if result.error is None else str(result.verdict)
    if result.error is not None:
        yield "Failed", result.error
    yield "Measured", f"{result.measured} Application: {result.subject}."
    yield "Rule", result.rule
    yield "Emulated", result.emulated


def _environment(run: Run) -> Iterator[str]:
    machine = run.environment["machine"]
    yield f"Finished at {run.environment['finished_at']} on {machine['kernel']}, {machine['cpus']} x {machine['cpu']}"
    busy = machine["busy_cpus_before"]
    yield f"Other processes kept {busy:g} CPUs busy before the run"
    yield ", ".join(f"{name} {number}" for name, number in run.environment["packages"].items())
    yield f"The tests took {sum(result.duration_s for result in run.claims):.0f} s"
