"""Prints a run in a terminal, or as plain text in a log: one table, one sentence per target, a few notes."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from django_runtimes.cli.literal_console import plain_unless_terminal
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.layout.terminal_table import laid_out
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import Content, TargetFailure, content_of

# The table fits into this width. A log does not wrap at 80 columns.
_PLAIN_WIDTH = 120
_MOST_NOTE_LINES = 10
# The ends of the headings of columns that a narrow terminal lacks, in this order.
_OMITTED = (" p99", "cold start", "backends")


def print_report(run: Run, console: Console, content: Content | None = None) -> None:
    """Print the summary of a run, its failures, and at most ten notes; report.html has the rest.

    `content` is the content of the run's reports, if it is known.
    """
    console = plain_unless_terminal(console, _PLAIN_WIDTH)
    content = content or content_of(run)
    table = content.overview
    if table.rows:
        console.print(Text(table.title, style="bold"))
        console.print(_fitted(table, console.width))
        for note in table.notes:
            console.print(Text(note, style="dim"))
        console.print()
    failed = {failure.name for failure in content.failures}
    for name, text in content.summary.targets:
        if name not in failed:
            console.print(Text.assemble((name, "bold"), f" {text}"))
    console.print()
    for failure in content.failures:
        _print_failure(failure, console)
    for line in content.summary.answer:
        console.print(Text(line, style="bold"))
    console.print()
    for note_line in _note_lines(list(_notes(content)), console):
        console.print(note_line)


def _notes(content: Content) -> Iterator[str]:
    """Yield the notes, the most important first."""
    summary = content.summary
    yield from (note for note in (*content.remarks, *summary.unsupported) if note not in summary.answer)
    yield from summary.reasons
    yield from summary.conditions


def _note_lines(notes: Sequence[str], console: Console) -> list[Text]:
    """Return the first notes that fit into ten lines, and a line on the others."""
    lines: list[Text] = []
    for index, note in enumerate(notes):
        wrapped = Text(f"- {note}", style="dim").wrap(console, console.width)
        is_last = index == len(notes) - 1
        # All but the last note leave a line to say how many there are.
        if len(lines) + len(wrapped) + (not is_last) > _MOST_NOTE_LINES:
            more = f"- The report has {len(notes) - index} more {'note' if is_last else 'notes'}."
            return [*lines, Text(more, style="dim")]
        lines += wrapped
    return lines


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


def _fitted(table: ReportTable, width: int) -> RichTable:
    """Return a table that fits: a narrow terminal lacks columns that are also in the sentences, then verdicts wrap."""
    shown = list(range(len(table.columns)))
    for omitted in _OMITTED:
        if _width(table, shown) <= width:
            break
        shown = [index for index in shown if not table.columns[index].endswith(omitted)]
    fitting = ReportTable(
        table.title,
        tuple(table.columns[index] for index in shown),
        tuple(tuple(row[index] for index in shown) for row in table.rows),
    )
    can_wrap = ("verdict",) if _width(fitting, range(len(shown)), wrapped=True) <= width else ("target", "verdict")
    return laid_out(fitting, can_wrap=can_wrap)


def _width(table: ReportTable, shown: Iterable[int], *, wrapped: bool = False) -> int:
    """Return the width of some columns with a space between them, with verdicts on one line or wrapped."""
    widths = []
    for index in shown:
        texts = [table.columns[index], *(row[index] for row in table.rows)]
        if wrapped and table.columns[index] == "verdict":
            texts = [word for text in texts for word in text.split()]
        widths.append(max(len(text) for text in texts))
    return sum(widths) + len(widths) - 1
