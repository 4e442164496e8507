"""Every Markdown table has a header, a delimiter row, and rows with the same number of cells."""

import re
from collections.abc import Iterator
from itertools import groupby

import pytest

from tests.unit.documents.pages import ROOT, files

_FENCE = re.compile(r" {0,3}(```|~~~)")
_RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
# GitHub's Markdown ends a cell at any bar that is not escaped, in code as well.
_BAR = re.compile(r"(?<!\\)\|")


def tables(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield each block of numbered lines that begin with a bar, outside fenced code."""
    lines, is_code = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            is_code = not is_code
        lines.append((number, "" if is_code else line.strip()))
    for is_row, block in groupby(lines, lambda line: line[1].startswith("|")):
        if is_row:
            yield list(block)


def mistakes(text: str) -> list[str]:
    """Return the mistakes in a page's tables, each with its line."""
    found = []
    for (start, header), *rows in tables(text):
        width = len(_BAR.findall(header))
        if not rows or not _RULE.fullmatch(rows[0][1]):
            found.append(f"line {start} begins a table without a header")
        found += [
            f"line {number} has {len(_BAR.findall(row)) - 1} cells of {width - 1}"
            for number, row in [(start, header), *rows]
            if len(_BAR.findall(row)) != width or not row.endswith("|")
        ]
    return found


def test_tables_of_all_pages_are_well_formed():
    found = {str(page.relative_to(ROOT)): mistakes(page.read_text()) for page in files(".md")}

    assert "docs/unverified.md" in found
    assert {page: lines for page, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |", "line 5 begins a table without a header"),
        ("| a | b |\n|---|---|\n| 1 |", "line 3 has 1 cells of 2"),
        ("| a | b |\n|---|---|\n| `x|y` | 2 |", "line 3 has 3 cells of 2"),
        ("| a | b |\n|---|\n| 1 | 2 |", "line 2 has 1 cells of 2"),
        ("| a | b |\n|---|---|\n| 1 | 2", "line 3 has 1 cells of 2"),
    ],
)
def test_a_broken_table_is_found(text, mistake):
    assert mistakes(text) == [mistake]


@pytest.mark.parametrize("text", ["| a |\n|:-:|\n| `x\\|y` |", "```\n| no table\n```", "a | b"])
def test_a_well_formed_page_has_no_mistakes(text):
    assert mistakes(text) == []
