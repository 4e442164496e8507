"""Renders a run as Markdown that fits a pull request: the summary, the latencies, the cost; the rest is folded."""

import re
from collections.abc import Iterable, Iterator

from django_runtimes.compare.layout.report_table import TEXT_COLUMNS, ReportTable
from django_runtimes.compare.report.content import Content, TargetFailure
from django_runtimes.compare.report.report_section import ReportSection

# The other sections are folded.
_OPEN_SECTIONS = ("cost",)
# Within words, as in names of targets, an underscore has no meaning.
_SPECIAL = re.compile(r"[\\|`*\[\]]|~(?=~)|(?<!\w)_|_(?!\w)")
# At the beginning of a block these make a heading or a list.
_OPENING = re.compile(r"^(\d*)([#+-](?=[#\s-])|[.)](?=\s))")


def markdown_of(content: Content) -> str:
    """Return report.md with this content."""
    summary = content.summary
    parts = [f"# {escaped(content.title)}", escaped(content.subtitle)]
    parts += [f"**{escaped(line)}**" for line in summary.answer]
    if summary.reasons:
        parts.append(listed(summary.reasons))
    parts += [f"### {escaped(content.overview.title)}", *table_parts(content.overview)]
    if summary.setups:
        parts.append(listed(summary.setups))
    if content.failures:
        parts += ["## Failed", *(part for failure in content.failures for part in _failure(failure))]
    if summary.conditions:
        parts += ["### When to decide again", listed(summary.conditions)]
    if summary.unsupported:
        parts += ["### What these figures cannot say", listed(summary.unsupported)]
    for section in content.sections:
        parts += _opened(section) if section.key in _OPEN_SECTIONS else _folded(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def _opened(section: ReportSection) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    if section.findings:
        yield listed(section.findings)
    # The plots need a page; their tables do not.
    for table in section.tables[:1]:
        yield from (f"### {escaped(table.title)}", *table_parts(table))
    rest = ReportSection(
        section.key, "Details of the cost", tables=section.tables[1:], more=section.more, caveats=section.caveats
    )
    yield from _folded(rest)


def _folded(section: ReportSection) -> Iterator[str]:
    tables = (*section.tables, *section.more)
    if not (section.findings or tables or section.caveats):
        return
    # Markdown inside the element needs an empty line before it.
    yield f"<details><summary>{escaped(section.title)}</summary>"
    if section.findings:
        yield listed(section.findings)
    for table in tables:
        if table.title != section.title:
            yield f"### {escaped(table.title)}"
        yield from table_parts(table)
    if section.caveats:
        yield listed(section.caveats)
    yield "</details>"


def _failure(failure: TargetFailure) -> list[str]:
    parts = [listed([f"{failure.name}: {failure.error}"])]
    if failure.log:
        # An indented block needs no escaping, but Markdown ends a line at a carriage return, too.
        lines = [part for line in failure.log for part in re.split(r"[\r\n]+", line)]
        parts += [f"{failure.log_title}:", "\n".join(f"    {line}" for line in lines)]
    if failure.kept_log is not None:
        parts += [f"Its whole log: {escaped(failure.kept_log)}"]
    if failure.differences is not None:
        parts += [f"{escaped(failure.differences.title)}:", *table_parts(failure.differences)]
    return parts


def table_parts(table: ReportTable) -> list[str]:
    """Return a table and its notes as blocks of Markdown."""
    if not table.rows:
        return ["Nothing was measured."]
    rule = ("---" if column in TEXT_COLUMNS else "---:" for column in table.columns)
    lines = [_line(table.columns), f"| {' | '.join(rule)} |", *(_line(row) for row in table.rows)]
    return ["\n".join(lines), *([listed(table.notes)] if table.notes else [])]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def listed(sentences: Iterable[str]) -> str:
    """Return a list of sentences."""
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def escaped(text: str) -> str:
    """Return the text on one line, with the special characters of Markdown and HTML escaped."""
    # The entities also work in the raw HTML of a summary, in which Markdown ignores backslashes.
    entities = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", entities))
