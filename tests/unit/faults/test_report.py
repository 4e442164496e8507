"""The report of `make faults` on its cases."""

import json
from dataclasses import replace

from tests.faults.figures.report import row, write_report
from tests.faults.figures.trials import Case, Verdict

_CASE = Case(2, "crash, 2 s", "aws_ecs/pool/direct")
_PASSED = Verdict(
    _CASE,
    5,
    worst={"recovery_s": 0.25, "errors": 3, "ended": 8},
    limits={"recovery_s": 1.0},
    least={"ended": 1},
    problem=None,
)


def test_a_figure_beyond_its_limit_fails_the_case():
    verdict = replace(_PASSED, worst={"recovery_s": 1.5, "ended": 8})

    assert not verdict.passed
    assert verdict.exceeded == ["recovery_s"]


def test_a_missing_figure_fails_the_case():
    assert replace(_PASSED, worst={"ended": 8}).exceeded == ["recovery_s"]
    assert replace(_PASSED, worst={"recovery_s": 0.25}).missed == ["ended"]


def test_a_case_whose_fault_did_not_happen_fails():
    verdict = replace(_PASSED, worst={"recovery_s": 0.25, "ended": 0})

    assert not verdict.passed
    assert "FAILED: ended" in row(verdict)


def test_an_aborted_case_fails_whatever_its_figures():
    assert not replace(_PASSED, problem="TimeoutError: ").passed


def test_a_row_shows_each_figure_with_its_limit():
    assert row(_PASSED) == (
        "| 2 | crash, 2 s | aws_ecs/pool/direct | 5 | recovery_s 0.25 ≤ 1, errors 3, ended 8 ≥ 1 | passed |"
    )


def test_the_report_lists_failed_and_passed_cases(tmp_path):
    failed = Verdict(
        Case(1, "backends killed", "aws_ecs/pool/direct"),
        5,
        worst={"recovery_s": float("inf")},
        limits={"recovery_s": 1.0},
        least={},
        problem=None,
    )

    write_report([_PASSED, failed], tmp_path)

    cases = json.loads((tmp_path / "faults.json").read_text())["cases"]
    assert [(case["number"], case["worst"], case["passed"]) for case in cases] == [
        (1, {"recovery_s": None}, False),
        (2, {"recovery_s": 0.25, "errors": 3, "ended": 8}, True),
    ]
    assert "FAILED: recovery_s" in (tmp_path / "faults.md").read_text()
