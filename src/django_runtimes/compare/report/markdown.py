"""Renders a run as Markdown, for a repository or a pull request."""

from collections.abc import Iterable

from django_runtimes.compare.cost.cost_content import cost_content
from django_runtimes.compare.report.content import TargetFailure, content_of
from django_runtimes.compare.report.report_table import TEXT_COLUMNS, ReportTable
from django_runtimes.compare.run.results import Run


def render_markdown(run: Run) -> str:
    """Return the text of report.md."""
    content = content_of(run)
    parts = [f"# {_escaped(content.title)}", _list(content.limits)]
    if content.failures:
        parts += ["## Failed", *(part for failure in content.failures for part in _failure(failure))]
    parts += ["## Latency", _list((*content.pairs, *content.method))]
    for table in content.latencies:
        parts += [f"### {_escaped(table.title)}", *_table(table)]
    for table in filter(None, (content.percentiles, content.cold_starts, content.connections, content.writes)):
        parts += [f"## {_escaped(table.title)}", *_table(table)]
    cost = cost_content(run)
    parts += ["## What it costs on AWS", _list(cost.sentences)]
    for table in cost.tables:
        parts += [f"### {_escaped(table.title)}", *_table(table)]
    parts += [f"## {_escaped(content.environment.title)}", *_table(content.environment)]
    return "\n\n".join(parts) + "\n"


def _failure(failure: TargetFailure) -> list[str]:
    parts = [_list([f"{failure.name}: {failure.error}"])]
    if failure.log:
        # An indented block needs no escaping.
        parts += [f"{failure.log_title}:", "\n".join(f"    {line}" for line in failure.log)]
    if failure.kept_log is not None:
        parts += [f"Its whole log: {_escaped(failure.kept_log)}"]
    if failure.differences is not None:
        parts += [f"{_escaped(failure.differences.title)}:", *_table(failure.differences)]
    return parts


def _table(table: ReportTable) -> list[str]:
    if not table.rows:
        return ["Nothing was measured."]
    rule = ("---" if column in TEXT_COLUMNS else "---:" for column in table.columns)
    lines = [_line(table.columns), f"| {' | '.join(rule)} |", *(_line(row) for row in table.rows)]
    return ["\n".join(lines), *([_list(table.notes)] if table.notes else [])]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_escaped(sentence)}" for sentence in sentences)


def _escaped(text: str) -> str:
    """Return the text on one line, with the special characters of Markdown and HTML escaped."""
    one_line = " ".join(text.split())
    for character in "\\|<`*":
        one_line = one_line.replace(character, f"\\{character}")
    return one_line
