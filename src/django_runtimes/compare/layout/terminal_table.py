"""Lays out a table of text for a terminal."""

from collections.abc import Sequence

from rich.table import Table as RichTable
from rich.text import Text

from django_runtimes.compare.layout.report_table import TEXT_COLUMNS, ReportTable

_STYLES = {"faster": "green", "slower": "red", "void": "yellow"}


def laid_out(table: ReportTable, *, can_wrap: Sequence[str] = ()) -> RichTable:
    """Return a table for a terminal, whose figures are right-aligned; only the columns in `can_wrap` wrap."""
    grid = RichTable(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for column in table.columns:
        grid.add_column(
            column,
            justify="left" if column in TEXT_COLUMNS else "right",
            no_wrap=column not in can_wrap,
            overflow="fold",
        )
    for row in table.rows:
        grid.add_row(*(_cell(text) for text in row))
    return grid


def _cell(text: str) -> Text:
    return Text(text, style=_STYLES.get(text.rpartition(" ")[2], ""))
