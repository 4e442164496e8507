"""Renders the gate's verdicts as text and as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from django_runtimes.migration_gate.judgement import Verdict
from django_runtimes.migration_gate.kind import GateLevel

_WIDTH = 100
# The width of a verdict's level, so that further lines align with its text.
_INDENT = " " * 11
# Increase this number when a key of the JSON changes its meaning or is removed.
_SCHEMA = 1


@dataclass(frozen=True)
class Report:
    """The pending migrations, the applied ones that this version lacks, and the verdicts."""

    pending: tuple[str, ...]
    unknown: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def exit_code(self) -> int:
        """1 if a migration is refused, otherwise 0."""
        return int(any(verdict.refuses for verdict in self.verdicts))


def as_json(report: Report) -> str:
    """Return the report as one line of JSON; its key `report` distinguishes the line from other output."""
    content = {
        "report": "migration_gate",
        "schema": _SCHEMA,
        "exit_code": report.exit_code,
        "pending": report.pending,
        "unknown": report.unknown,
        "verdicts": [asdict(verdict) | {"refuses": verdict.refuses} for verdict in report.verdicts],
    }
    return json.dumps(content)


def as_text(report: Report) -> str:
    """Return the report in lines of at most 100 columns, apart from longer words."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    for name in report.unknown:
        yield f"{name} is applied, but this version lacks it: it belongs to a later version, or was removed"
    for name, verdicts in groupby(report.verdicts, key=lambda verdict: verdict.migration):
        yield name
        for verdict in verdicts:
            yield from _verdict_lines(verdict)
    refused = list(dict.fromkeys(verdict.migration for verdict in report.verdicts if verdict.refuses))
    yield _summary(report)
    if refused:
        options = " ".join(f"--allow {name}" for name in refused)
        yield f"refused; to apply them anyway: {options}"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    yield from _wrapped(verdict.operation, first=f"  {verdict.level:<9}")
    yield from _wrapped(verdict.reason, first=_INDENT)
    if verdict.allowed is not None:
        yield from _wrapped(f"allowed: {verdict.allowed}", first=_INDENT)
    else:
        yield from _wrapped(verdict.remedy, first=f"{_INDENT}-> ")


def _summary(report: Report) -> str:
    counts: Counter[str] = Counter(
        "allowed" if verdict.allowed is not None else verdict.level for verdict in report.verdicts
    )
    words = [f"{counts[word]} {word}" for word in (*GateLevel, "allowed") if counts[word]]
    return f"migrations to apply: {len(report.pending)}; verdicts: {', '.join(words) or 'none'}"


def _wrapped(text: str, *, first: str) -> list[str]:
    indent = " " * len(first)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
