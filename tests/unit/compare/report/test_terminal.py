import re
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.record.results import Run
from tests.unit.compare.report.printed_report import printed


def test_the_terminal_report_matches_the_expected_file(run: Run):
    # Rich pads its columns with trailing spaces, which editors strip from report.txt.
    lines = [line.rstrip() for line in printed(run).splitlines()]

    assert lines == Path(__file__).with_name("report.txt").read_text().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_figure_is_cut_off_in_a_terminal(run: Run, width: int):
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(run, width=width, terminal=True))
    table = shown.splitlines()[: shown.splitlines().index("")]

    assert max(len(line.rstrip()) for line in table) <= width
    # Rich marks a truncated figure with an ellipsis.
    assert "…" not in shown
    assert "165.81" in "".join(table)
    # A name is on one line.
    assert any(line.startswith("aws_lambda/per_request/proxy ") for line in table)


def test_the_terminal_has_at_most_ten_lines_of_notes(run: Run):
    lines = printed(run).rstrip().splitlines()

    first = next(index for index, line in enumerate(lines) if line.startswith("- "))
    assert len(lines) - first <= 10
    assert re.fullmatch(r"- The report has \d+ more notes\.", lines[-1])


def test_the_notes_repeat_no_line_of_the_answer(run: Run):
    few = tuple(
        replace(target, scenarios=tuple(replace(scenario, blocks=scenario.blocks[:2]) for scenario in target.scenarios))
        for target in run.targets
    )

    text = " ".join(printed(replace(run, targets=few)).split())

    assert text.count("so this run names no winner.") == 1


def test_without_a_terminal_lines_are_plain_and_not_cut(run: Run):
    assert printed(run, width=80) == printed(run, width=200)
    assert "\x1b" not in printed(run)


def test_a_failure_is_shown_in_one_line_with_its_brackets(run: Run):
    failure = replace(run.targets[0], status="failed", error=f"no [bold]answer[/bold] from port 80; {'x' * 120}")

    lines = printed(Run(run.environment, (failure,))).splitlines()

    assert f"{failure.name} failed: {failure.error}" in lines
