"""Renders a run as one self-contained HTML page, without scripts and requests."""

from pathlib import Path

from django.utils.safestring import SafeString

from django_runtimes.compare.report.content import Content, TargetFailure
from django_runtimes.compare.report.html_page import breakable, render_page, table_context
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.svg import plot_svg
from django_runtimes.compare.report.report_section import ReportSection

_TEMPLATE = Path(__file__).parent / "templates/report.html"
# The page shows one of the two, depending on the width of the screen.
_WIDE_PX, _NARROW_PX = 1_000, 340


def page_of(content: Content) -> str:
    """Return the page with this content."""
    summary = content.summary
    context = {
        "title": content.title,
        "subtitle": content.subtitle,
        "summary": summary,
        "summary_plot": None if summary.plot is None else _plot(summary.plot),
        "targets": [(breakable(name, "/"), text) for name, text in summary.targets],
        "overview_notes": content.overview.notes,
        "failures": [_failure(failure) for failure in content.failures],
        "sections": [_section(section) for section in content.sections],
    }
    return render_page(_TEMPLATE, context)


def _section(section: ReportSection) -> dict[str, object]:
    break_after = "/._" if section.key == "environment" else "/"
    return {
        "key": section.key,
        "title": section.title,
        "findings": section.findings,
        "plots": [_plot(plot) for plot in section.plots],
        "tables": [table_context(table) for table in section.tables],
        "more": [table_context(table, break_after=break_after) for table in section.more],
        "caveats": section.caveats,
        "caveats_title": section.caveats_title,
        "is_empty": not (section.findings or section.tables or section.more),
    }


def _plot(plot: Plot) -> dict[str, object]:
    # ElementTree has escaped the texts of the plots.
    wide, narrow = (SafeString(plot_svg(plot, width)) for width in (_WIDE_PX, _NARROW_PX))
    return {
        "title": plot.title,
        "wide": wide,
        "narrow": narrow,
        "table": table_context(plot.table),
        "notes": plot.notes,
    }


def _failure(failure: TargetFailure) -> dict[str, object]:
    differences = failure.differences
    return {
        "name": failure.name,
        "error": failure.error,
        "log": "\n".join(failure.log),
        "log_title": failure.log_title,
        "kept_log": failure.kept_log,
        "differences_title": "" if differences is None else differences.title,
        "differences": None
        if differences is None
        else table_context(differences, label=f"Differences of {failure.name}", break_after="/._"),
    }
