"""Renders a run as one self-contained HTML page, without scripts and requests."""

import re
from dataclasses import replace
from pathlib import Path

from django.template import Context, Engine
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import Content, TargetFailure, content_of
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.svg import plot_svg
from django_runtimes.compare.report.report_section import ReportSection
from django_runtimes.compare.report.report_table import TEXT_COLUMNS, ReportTable

_TEMPLATES = Path(__file__).with_name("templates")
# The page shows one of the two, depending on the width of the screen.
_WIDE_PX, _NARROW_PX = 1_000, 340


def render_html(run: Run) -> str:
    """Return the text of report.html."""
    return page_of(content_of(run))


def page_of(content: Content) -> str:
    """Return the page with this content."""
    # A separate engine and a context that has only texts need no Django settings.
    engine = Engine(dirs=[str(_TEMPLATES)], autoescape=True)
    summary = content.summary
    context = {
        "title": content.title,
        "subtitle": content.subtitle,
        "summary": summary,
        "summary_plot": None if summary.plot is None else _plot(summary.plot),
        "targets": [(_breakable(name, "/"), text) for name, text in summary.targets],
        "failures": [_failure(failure) for failure in content.failures],
        "sections": [_section(section) for section in content.sections],
    }
    page: str = engine.get_template("report.html").render(Context(context))
    return page


def _section(section: ReportSection) -> dict[str, object]:
    break_after = "/._" if section.key == "environment" else "/"
    return {
        "key": section.key,
        "title": section.title,
        "findings": section.findings,
        "plots": [_plot(plot) for plot in section.plots],
        "tables": [_cells(table) for table in section.tables],
        "more": [_cells(table, break_after=break_after) for table in section.more],
        "caveats": section.caveats,
        "caveats_title": section.caveats_title,
        "is_empty": not (section.findings or section.tables or section.more),
    }


def _plot(plot: Plot) -> dict[str, object]:
    # ElementTree has escaped the texts of the plots.
    wide, narrow = (SafeString(plot_svg(plot, width)) for width in (_WIDE_PX, _NARROW_PX))
    return {"title": plot.title, "wide": wide, "narrow": narrow, "table": _cells(plot.table), "notes": plot.notes}


def _failure(failure: TargetFailure) -> dict[str, object]:
    differences = failure.differences
    return {
        "name": failure.name,
        "error": failure.error,
        "log": "\n".join(failure.log),
        "log_title": failure.log_title,
        "kept_log": failure.kept_log,
        "differences_title": "" if differences is None else differences.title,
        # Each scrolling table needs a name of its own.
        "differences": None
        if differences is None
        else _cells(replace(differences, title=f"Differences of {failure.name}"), break_after="/._"),
    }


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
