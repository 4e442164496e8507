"""Renders the findings as text and as JSON."""

import sysconfig
from pathlib import Path
from typing import Any

from django_runtimes.pinning.findings import Findings, LeftOut, LintFinding
from django_runtimes.pinning.origin import CodePlace, Sender

_FORMAT_VERSION = 1
_LEFT_OUT = {
    LeftOut.MANAGEMENT_COMMANDS: "that management commands send, on the direct route",
    LeftOut.MARKED_TESTS: "that tests marked {marker}(...) send on purpose",
}


def render_text(findings: Findings) -> str:
    """Return the report for the terminal, each finding with its remedy."""
    found, route = findings.found, findings.route
    lines = []
    for finding in found:
        lines += [*_finding_lines(finding), ""]
    verdict = f"{_count(len(found), 'place') if found else 'nothing'} would {route.verdict}"
    lines.append(f"{verdict}; checked {_count(findings.statements, 'statement')} of {_count(findings.tests, 'test')}")
    lines += [
        f"left out: {times:,} {_LEFT_OUT[whose].format(marker=route.marker)}"
        for whose, times in sorted(findings.left_out.items())
    ]
    return "\n".join(lines) + "\n"


def as_json(findings: Findings) -> dict[str, Any]:
    """Return the report for programs; docs/database.md documents the fields."""
    return {
        "schema": _FORMAT_VERSION,
        "statements": findings.statements,
        "tests": findings.tests,
        "left_out": {whose.value: times for whose, times in sorted(findings.left_out.items())},
        "found": [
            {
                "rule": finding.rule.name,
                "reason": finding.rule.reason,
                "remedy": finding.rule.remedy,
                "statement": finding.statement,
                "while_connecting": finding.origin.sender is Sender.CONNECTING,
                "sent_by": _place(finding.origin.place),
                "called_from": _place(finding.origin.called_from) if finding.origin.called_from else None,
                "times": finding.times,
                "tests": finding.tests,
            }
            for finding in findings.found
        ],
    }


def _finding_lines(finding: LintFinding) -> list[str]:
    origin = finding.origin
    lines = [
        f"{_shown(origin.place)}",
        f"    rule       {finding.rule.name}: {finding.rule.reason}",
        f"    statement  {finding.statement}",
    ]
    if origin.called_from is not None:
        lines.append(f"    called     from {_shown(origin.called_from)}")
    lines.append(f"    sent       {_sent(finding)}")
    lines.append(f"    remedy     {finding.rule.remedy}")
    return lines


def _sent(finding: LintFinding) -> str:
    times = _count(finding.times, "time")
    if finding.origin.sender is Sender.CONNECTING:
        return f"{times}, each time a connection was opened"
    first, count = finding.tests[0], len(finding.tests)
    return f"{times}, by {first}" if count == 1 else f"{times}, by {count} tests, first {first}"


def _shown(place: CodePlace) -> str:
    return f"{_relative(place.file)}:{place.line} in {place.function}"


def _place(place: CodePlace) -> dict[str, Any]:
    return {"file": _relative(place.file), "line": place.line, "function": place.function}


def _relative(file: str) -> str:
    # Libraries may be installed below the project, so their root is tried first.
    for root in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(Path.cwd())):
        if Path(file).is_relative_to(root):
            return str(Path(file).relative_to(root))
    return file


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
