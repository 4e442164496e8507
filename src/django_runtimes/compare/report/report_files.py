"""Writes the report's files beside run.json."""

from collections.abc import Sequence
from pathlib import Path

from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.record.results import Run, write_whole
from django_runtimes.compare.report.claims.claim_report import render_claims_html, render_claims_markdown
from django_runtimes.compare.report.content import Content, content_of
from django_runtimes.compare.report.decision_record import decision_record
from django_runtimes.compare.report.html import page_of
from django_runtimes.compare.report.markdown import markdown_of


def write_reports(run: Run, directory: Path, *, outcomes: Sequence[GateOutcome] = ()) -> Content | None:
    """Write report.md, decision.md and report.html into an existing directory and return their content.

    The reports contain the `outcomes` of conditions; a decision does not depend on them.

    A run of claims recommends nothing, so it has no decision.md, and no content of this kind.
    """
    if run.claims:
        write_whole(directory / "report.md", render_claims_markdown(run))
        write_whole(directory / "report.html", render_claims_html(run))
        return None
    content = content_of(run, outcomes)
    write_whole(directory / "report.md", markdown_of(content))
    write_whole(directory / "decision.md", decision_record(run, content))
    write_whole(directory / "report.html", page_of(content))
    return content
