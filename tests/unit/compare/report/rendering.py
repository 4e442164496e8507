"""Renders a run as the texts of its report files."""

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.html import page_of
from django_runtimes.compare.report.markdown import markdown_of


def render_html(run: Run) -> str:
    """Return the text of report.html."""
    return page_of(content_of(run))


def render_markdown(run: Run) -> str:
    """Return the text of report.md."""
    return markdown_of(content_of(run))
