"""Prints the comparison of several runs in a terminal, or as plain text in a log."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from django_runtimes.cli.literal_console import plain_unless_terminal
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.layout.terminal_table import laid_out
from django_runtimes.compare.saved_runs.runs_content import RunsContent, RunSection

# A log does not wrap at 80 columns.
_PLAIN_WIDTH = 100
# The interval of a ratio fits into 100 columns, and the interval of a p99 ratio does not.
_OMITTED = ("p99 interval",)
# The report has every note.
_MOST_NOTES = 5


def print_runs(content: RunsContent, console: Console) -> None:
    """Print the differences of the environments, the latencies and verdicts of each run, and the first notes."""
    console = plain_unless_terminal(console, _PLAIN_WIDTH)
    for section in content.sections:
        console.print(Text(section.title, style="bold"))
        _print_some(section.environments, console)
        if section.latencies:
            console.print(laid_out(_one_table(section)))
        for sentence in section.verdicts:
            console.print(Text(sentence))
        _print_some(section.warnings, console)
        console.print()
    console.print(Text(content.warning, style="dim"))


def _print_some(sentences: Sequence[str], console: Console) -> None:
    for sentence in sentences[:_MOST_NOTES]:
        console.print(Text(sentence, style="yellow"))
    if len(sentences) > _MOST_NOTES:
        console.print(Text(f"The report has {len(sentences) - _MOST_NOTES} more.", style="yellow"))


def _one_table(section: RunSection) -> ReportTable:
    """Return the tables of all loads as one, without the columns that make it too wide."""
    columns = section.latencies[0].columns
    shown = [index for index, column in enumerate(columns) if column not in _OMITTED]
    rows: list[tuple[str, ...]] = []
    for table in section.latencies:
        rows.append((table.title, *[""] * (len(shown) - 1)))
        rows += [(f"  {row[0]}", *(row[index] for index in shown[1:])) for row in table.rows]
    return ReportTable(section.title, tuple(columns[index] for index in shown), tuple(rows))
