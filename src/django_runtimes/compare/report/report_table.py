"""A table of text, as every report shows it."""

from dataclasses import dataclass

# Columns of words; all others hold figures and are set flush right.
TEXT_COLUMNS = frozenset({"target", "label", "verdict", "errors", "name", "value", "value that worked"})


@dataclass(frozen=True)
class ReportTable:
    """Rows of text; the first column names the target."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
