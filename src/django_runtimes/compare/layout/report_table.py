"""A table of text for all formats of the report."""

from dataclasses import dataclass

# These columns have words; all others have figures and are right-aligned.
TEXT_COLUMNS = frozenset(
    {
        "target", "label", "load", "verdict", "p99 verdict", "errors", "name", "value", "value that worked",
        "option", "shared part", "term", "price", "formula", "instance", "cheaper below", "cheaper above",
        "choice", "from", "billed", "run", "file", "finished", "revision", "workload", "claim", "reason",
        "rule", "met", "stream",
    }
)  # fmt: skip


@dataclass(frozen=True)
class ReportTable:
    """Rows of text; the first column names the target."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
