"""A run as one HTML page that needs nothing but itself."""

from pathlib import Path

from django.template import Context, Engine
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from django_runtimes.compare.report.charts import burst_peaks, latency_charts
from django_runtimes.compare.report.content import TEXT_COLUMNS, ReportTable, content_of
from django_runtimes.compare.run.results import Run
from django_runtimes.compare.run.summary import summarize

_TEMPLATES = Path(__file__).with_name("templates")


def render_html(run: Run) -> str:
    """The text of report.html."""
    content = content_of(run)
    # An engine of its own, and nothing but texts in the context: no Django settings are needed.
    engine = Engine(dirs=[str(_TEMPLATES)], autoescape=True)
    rows = summarize(run).rows
    context = {
        "title": content.title,
        "pairs": content.pairs,
        "method": content.method,
        "limits": content.limits,
        "failures": content.failures,
        "charts": latency_charts(rows),
        "latencies": [_cells(table) for table in content.latencies],
        "cold_starts": _cells(content.cold_starts),
        "burst_peaks": burst_peaks(rows),
        "connections": _cells(content.connections),
        "writes": None if content.writes is None else _cells(content.writes),
        "environment": _cells(content.environment),
    }
    page: str = engine.get_template("report.html").render(Context(context))
    return page


def _cells(table: ReportTable) -> dict[str, object]:
    """A table whose cells know their column's kind, since a template cannot look it up."""
    kinds = ["text" if column in TEXT_COLUMNS else "figure" for column in table.columns]
    return {
        "title": table.title,
        "columns": list(zip(kinds, table.columns, strict=True)),
        "rows": [(_breakable(row[0]), list(zip(kinds[1:], row[1:], strict=True))) for row in table.rows],
        "notes": table.notes,
    }


def _breakable(name: str) -> SafeString:
    """A target's name, which a phone may break after its slashes and nowhere else."""
    return format_html_join(SafeString("/<wbr>"), "{}", ((part,) for part in name.split("/")))
