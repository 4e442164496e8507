"""Renders the comparison of several runs as one self-contained HTML page."""

from pathlib import Path

from django.template import Context, Engine

from django_runtimes.compare.report.report_table import TEXT_COLUMNS, ReportTable
from django_runtimes.compare.saved_runs.runs_content import RunsContent, RunSection

_TEMPLATES = Path(__file__).with_name("templates")


def render_runs_html(content: RunsContent) -> str:
    """Return the text of report.html."""
    # A separate engine and a context that has only texts need no Django settings.
    engine = Engine(dirs=[str(_TEMPLATES)], autoescape=True)
    context = {
        "title": content.title,
        "warning": content.warning,
        "runs": _rows(content.runs),
        "sections": [_section(section) for section in content.sections],
        "method": content.method,
    }
    page: str = engine.get_template("runs.html").render(Context(context))
    return page


def _section(section: RunSection) -> dict[str, object]:
    return {
        "title": section.title,
        "verdicts": section.verdicts,
        "warnings": section.warnings,
        "tables": [_rows(table) for table in (*section.latencies, section.others)],
    }


def _rows(table: ReportTable) -> dict[str, object]:
    """Return a table whose cells have their column's kind, since a template cannot look it up."""
    kinds = ["text" if column in TEXT_COLUMNS else "figure" for column in table.columns]
    return {
        "title": table.title,
        "columns": list(zip(kinds, table.columns, strict=True)),
        "rows": [(row[0], list(zip(kinds[1:], row[1:], strict=True))) for row in table.rows],
    }
