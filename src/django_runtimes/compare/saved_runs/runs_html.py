"""Renders the comparison of several runs as one self-contained HTML page."""

from pathlib import Path

from django_runtimes.compare.report.html_page import render_page, table_context
from django_runtimes.compare.saved_runs.runs_content import RunsContent, RunSection

_TEMPLATE = Path(__file__).parent / "templates/runs.html"


def render_runs_html(content: RunsContent) -> str:
    """Return the text of report.html."""
    context = {
        "title": content.title,
        "warning": content.warning,
        "runs": table_context(content.runs),
        "conditions": content.conditions,
        "sections": [_section(section) for section in content.sections],
        "method": content.method,
    }
    return render_page(_TEMPLATE, context)


def _section(section: RunSection) -> dict[str, object]:
    return {
        "title": section.title,
        "environments": section.environments,
        "verdicts": section.verdicts,
        "warnings": section.warnings,
        "tables": [
            table_context(table, label=f"{section.title}: {table.title}")
            for table in (*section.latencies, section.others)
        ],
    }
