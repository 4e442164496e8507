"""Prints a run as tables in a terminal, or as plain text in a log."""

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from django_runtimes.compare.report.content import Content, TargetFailure, content_of
from django_runtimes.compare.report.report_table import TEXT_COLUMNS, ReportTable
from django_runtimes.compare.run.results import Run

# Every table fits into this width. A log does not wrap at 80 columns.
_PLAIN_WIDTH = 100
# These columns are left out, so that a row fits into 100 columns. Errors get lines of their own.
_OMITTED = ("interval", "sent", "errors")
_STYLES = {"faster": "green", "slower": "red", "void": "yellow"}


def print_report(run: Run, console: Console) -> None:
    """Print the measurements, the failures and the limits of the figures' claims."""
    if not console.is_terminal:
        console = Console(file=console.file, width=_PLAIN_WIDTH, color_system=None)
    content = content_of(run)
    if content.latencies:
        console.print(Text("Latency in ms from the moment a request was due", style="bold"))
        console.print(_latencies(content))
        console.print()
    for line in _remarks(content):
        console.print(Text(line, style="yellow"))
    if content.latencies:
        for table in filter(None, (content.cold_starts, content.connections, content.writes)):
            console.print(Text(f"\n{table.title}", style="bold"))
            console.print(laid_out(table))
            for note in table.notes:
                console.print(Text(note))
    console.print()
    for failure in content.failures:
        _print_failure(failure, console)
    for sentence in (*content.pairs, *content.limits):
        console.print(Text(sentence, style="dim"))


def _print_failure(failure: TargetFailure, console: Console) -> None:
    # The failure is on one line, so that it can be found in a log.
    console.print(Text(f"{failure.name} failed: {failure.error}", style="red"), soft_wrap=True)
    if failure.log:
        console.print(Text(f"  {failure.log_title}:"))
    for line in failure.log:
        console.print(Text(f"  | {line}"), soft_wrap=True)
    if failure.kept_log is not None:
        console.print(Text(f"  Its whole log, beside the report: {failure.kept_log}"), soft_wrap=True)
    if failure.differences is not None:
        console.print(Text(f"  {failure.differences.title}:"))
        for name, value, worked in failure.differences.rows:
            console.print(Text(f"  {name}: {value}, worked: {worked}"), soft_wrap=True)
    console.print()


def _latencies(content: Content) -> RichTable:
    """Return all scenarios in one table, so that their columns are aligned."""
    columns = content.latencies[0].columns
    shown = [index for index, column in enumerate(columns) if column not in _OMITTED]
    laid_out = _grid([columns[index] for index in shown])
    for table in content.latencies:
        laid_out.add_row()
        laid_out.add_row(Text(table.title, style="bold"))
        for row in table.rows:
            laid_out.add_row(*(_cell(row[index]) for index in shown))
    return laid_out


def _remarks(content: Content) -> list[str]:
    """Return the errors and notes, which the narrow table leaves out."""
    lines = []
    for table in content.latencies:
        errors = table.columns.index("errors")
        lines += [f"{table.title}: {row[0]}: {row[errors]}" for row in table.rows if row[errors] != "none"]
        lines += [f"{table.title}: {note}" for note in table.notes]
    return lines


def laid_out(table: ReportTable) -> RichTable:
    """Return a table for a terminal, whose figures are right-aligned."""
    grid = _grid(table.columns)
    for row in table.rows:
        grid.add_row(*(_cell(text) for text in row))
    return grid


def _grid(columns: list[str] | tuple[str, ...]) -> RichTable:
    grid = RichTable(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        # In a narrow terminal only the verdict wraps, never a name or a figure.
        grid.add_column(
            column,
            justify="left" if column in TEXT_COLUMNS else "right",
            no_wrap=column != "verdict",
        )
    return grid


def _cell(text: str) -> Text:
    return Text(text, style=_STYLES.get(text, ""))
