"""Renders a run as one self-contained HTML page."""

import re
from pathlib import Path

from django.template import Context, Engine
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost.cost_content import cost_content
from django_runtimes.compare.report.charts import burst_peaks, latency_charts
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.report_table import TEXT_COLUMNS, ReportTable
from django_runtimes.compare.run.results import Run

_TEMPLATES = Path(__file__).with_name("templates")


def render_html(run: Run) -> str:
    """Return the text of report.html."""
    content = content_of(run)
    # A separate engine and a context that has only texts need no Django settings.
    engine = Engine(dirs=[str(_TEMPLATES)], autoescape=True)
    rows = summarize(run).rows
    cost = cost_content(run)
    context = {
        "title": content.title,
        "pairs": content.pairs,
        "method": content.method,
        "limits": content.limits,
        "failures": [
            {
                "name": failure.name,
                "error": failure.error,
                "log": "\n".join(failure.log),
                "log_title": failure.log_title,
                "kept_log": failure.kept_log,
                "differences": None if failure.differences is None else _cells(failure.differences, break_after="/._"),
            }
            for failure in content.failures
        ],
        "charts": latency_charts(rows),
        "latencies": [_cells(table) for table in content.latencies],
        "percentiles": _cells(content.percentiles),
        "cold_starts": _cells(content.cold_starts),
        "burst_peaks": burst_peaks(rows),
        "connections": _cells(content.connections),
        "writes": None if content.writes is None else _cells(content.writes),
        "cost_sentences": cost.sentences,
        "cost": [_cells(table) for table in cost.tables],
        "environment": _cells(content.environment),
    }
    page: str = engine.get_template("report.html").render(Context(context))
    return page


def _cells(table: ReportTable, *, break_after: str = "/") -> dict[str, object]:
    """Return a table whose cells have their column's kind, since a template cannot look it up.

    Narrow screens may break the first column only after the characters in `break_after`.
    """
    kinds = ["text" if column in TEXT_COLUMNS else "figure" for column in table.columns]
    return {
        "title": table.title,
        "columns": list(zip(kinds, table.columns, strict=True)),
        "rows": [(_breakable(row[0], break_after), list(zip(kinds[1:], row[1:], strict=True))) for row in table.rows],
        "notes": table.notes,
    }


def _breakable(name: str, break_after: str) -> SafeString:
    parts = re.findall(f"[^{break_after}]*[{break_after}]|[^{break_after}]+", name)
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))
