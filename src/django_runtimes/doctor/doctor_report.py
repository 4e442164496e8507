"""Renders the findings of `webapp doctor` as text and as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from django_runtimes.doctor.finding import Finding, Level, Row

_WIDTH = 80
# The width of a finding's level, so that further lines align with its text.
_INDENT = " " * 13
_TABLE_INDENT = " " * 4
# Every number fits into this width.
_SHORTEST_CUT = 16
# Increase this version when a key of the JSON changes its meaning or is removed.
_SCHEMA = 1

_EXIT_CODES = {Level.UNREADABLE: 78, Level.WRONG: 1}


@dataclass(frozen=True)
class Section:
    """The name and the findings of one section."""

    name: str
    findings: tuple[Finding, ...]


def exit_code(sections: Sequence[Section]) -> int:
    """Return 78 for invalid variables, 1 when something else is wrong, else 0."""
    levels = {finding.level for section in sections for finding in section.findings}
    return next((code for level, code in _EXIT_CODES.items() if level in levels), 0)


def as_text(sections: Sequence[Section]) -> str:
    """Return the report in lines of at most 80 columns, apart from longer words."""
    lines = [line for section in sections for line in _section_lines(section)]
    counts = Counter(finding.level for section in sections for finding in section.findings)
    summary = ", ".join(f"{counts[level]} {level}" for level in Level if counts[level])
    return "\n".join([*lines, f"findings: {summary}"]) + "\n"


def as_json(sections: Sequence[Section]) -> str:
    """Return the report as JSON."""
    content = {
        "schema": _SCHEMA,
        "exit_code": exit_code(sections),
        "sections": [asdict(section) for section in sections],
    }
    return json.dumps(content, indent=2) + "\n"


def _section_lines(section: Section) -> Iterator[str]:
    yield section.name
    for finding in section.findings:
        yield from _wrapped(finding.text, first=f"  {finding.level:<11}")
        if finding.remedy:
            yield from _wrapped(finding.remedy, first=f"{_INDENT}-> ")
        yield from _table(finding.rows)
    yield ""


def _wrapped(text: str, *, first: str) -> list[str]:
    indent = " " * len(first)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(rows: Sequence[Row]) -> Iterator[str]:
    name_width = max((len(row.name) for row in rows), default=0)
    source_width = max((len(row.source) + 2 for row in rows if row.source), default=0)
    # The sign and the blanks around the name take three columns.
    longest = max(_SHORTEST_CUT, _WIDTH - len(_TABLE_INDENT) - 3 - name_width - source_width)
    values = [_cut("unknown" if row.value is None else str(row.value), longest) for row in rows]
    value_width = max(map(len, values), default=0)
    for row, value in zip(rows, values, strict=True):
        line = f"{_TABLE_INDENT}{row.sign:1} {row.name:<{name_width}} {value:>{value_width}}  {row.source}"
        yield line.rstrip()


def _cut(text: str, longest: int) -> str:
    """Shorten a value that is too long for its line; the JSON has the whole value."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
