"""Writes the report's files beside run.json."""

from pathlib import Path

from django_runtimes.compare.report.html import render_html
from django_runtimes.compare.report.markdown import render_markdown
from django_runtimes.compare.run.results import Run, write_whole


def write_reports(run: Run, directory: Path) -> tuple[Path, Path]:
    """Write report.md and report.html into an existing directory and return their paths."""
    return (
        write_whole(directory / "report.md", render_markdown(run)),
        write_whole(directory / "report.html", render_html(run)),
    )
