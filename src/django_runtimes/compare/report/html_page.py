"""Renders HTML pages that need no scripts, requests or Django settings."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.template import Context, Engine
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from django_runtimes.compare.layout.report_table import TEXT_COLUMNS, ReportTable

_TEMPLATES = Path(__file__).with_name("templates")


def render_page(template: Path, context: Mapping[str, object]) -> str:
    """Return the page of a template, which may extend page.html and include table.html and other files beside it."""
    # A separate engine and a context that has only texts need no Django settings.
    engine = Engine(dirs=[str(template.parent), str(_TEMPLATES)], autoescape=True)
    page: str = engine.get_template(template.name).render(Context(dict(context)))
    return page


def table_context(table: ReportTable, *, label: str | None = None, break_after: str = "/") -> dict[str, object]:
    """Return the context of table.html: a table whose cells have their column's kind.

    Each table of a page needs a `label` of its own, by default its title. Narrow screens may break the first column
    only after the characters in `break_after`.
    """
    kinds = ["text" if column in TEXT_COLUMNS else "figure" for column in table.columns]
    return {
        "title": table.title,
        "label": label or table.title,
        "columns": list(zip(kinds, table.columns, strict=True)),
        "rows": [(breakable(row[0], break_after), list(zip(kinds[1:], row[1:], strict=True))) for row in table.rows],
        "notes": table.notes,
    }


def breakable(name: str, break_after: str) -> SafeString:
    """Return the escaped name with a place to break it after each of the characters in `break_after`."""
    parts = re.findall(f"[^{break_after}]*[{break_after}]|[^{break_after}]+", name)
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))
