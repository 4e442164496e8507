"""Comparisons of sites with logins, with reads only, and with writes that are not checked."""

import re
from pathlib import Path

import pytest

from django_runtimes.compare.record.diagnosis import Difference
from django_runtimes.compare.record.results import Run
from tests.integration.compare.comparison import APPLICATIONS, CONTAINER, LAMBDA, SHORT, compare

MEMBERS = (APPLICATIONS / "members.toml").read_text().replace('python_path = "."', f'python_path = "{APPLICATIONS}"')


@pytest.fixture
def compare_members(tmp_path: Path):
    """Replaces texts in the workload of the members' site, and runs a comparison."""

    def run(*replaced: tuple[str, str], targets: tuple[str, ...] = (CONTAINER,)) -> tuple[int, Run, str]:
        text = MEMBERS
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        workload = tmp_path / "members.toml"
        workload.write_text(text)
        named = [word for target in targets for word in ("--target", target)]
        exit_code, _, errors = compare(
            *SHORT, "--workload", str(workload), *named, "--output", str(tmp_path / "report")
        )
        run_file = tmp_path / "report" / "run.json"
        assert run_file.exists(), errors
        return exit_code, Run.from_json(run_file.read_text()), (tmp_path / "report" / "report.md").read_text()

    return run


def test_every_virtual_user_writes_under_its_own_login(compare_members):
    # The site refuses another member's letter, and redirects members from its public page.
    exit_code, run, report = compare_members(targets=(CONTAINER, LAMBDA))

    assert [(target.status, target.error) for target in run.targets] == [("measured", None)] * 2
    assert exit_code == 0
    for target in run.targets:
        assert target.rows_found == target.acknowledged_writes > 0
        assert all(scenario.errors == {} for scenario in target.scenarios)
    assert (run.environment["host"], run.environment["virtual_users"]) == ("members.example.org", 4)
    assert "Requests carry the cookies of 4 virtual users" in report


def test_a_failed_login_reports_its_step_and_the_forms_error(compare_members):
    exit_code, run, _ = compare_members(("open sesame", "open barley"), targets=(CONTAINER, LAMBDA))

    assert exit_code == 1
    assert [target.name for target in run.targets] == [CONTAINER, LAMBDA]
    for target in run.targets:
        assert target.error.startswith(
            "[session] of virtual user 1 ('member1') failed at step 2, POST /accounts/login/: expected 302, got 200 "
            "(Please enter a correct username and password."
        )
        assert target.scenarios == ()


def test_a_failed_target_shows_its_error_and_its_differences(compare_members, tmp_path: Path):
    (tmp_path / "settings_by_runtime.py").write_text(
        "import os, sys\n"
        f"sys.path.append({str(APPLICATIONS)!r})\n"
        "from members.settings import *\n"
        "if os.environ.get('WEBAPP_RUNTIME') == 'aws_lambda':\n"
        "    ALLOWED_HOSTS = ['other.example']\n"
        "if os.environ.get('WEBAPP_RUNTIME') == 'aws_app_runner':\n"
        "    raise RuntimeError('not on App Runner')\n"
    )
    exit_code, run, report = compare_members(
        ("members.settings", "settings_by_runtime"),
        (f'python_path = "{APPLICATIONS}"', 'python_path = "."'),
        targets=(LAMBDA, "aws_app_runner/pool/direct", CONTAINER),
    )

    assert exit_code == 1
    function, app_runner, ecs = run.targets
    assert ecs.status == "measured"
    assert ecs.diagnosis is None
    assert "expected 200, got 400" in function.error
    assert function.diagnosis.log[-1].startswith("django.core.exceptions.DisallowedHost: Invalid HTTP_HOST header")
    assert Difference("ALLOWED_HOSTS", "['other.example']", "['members.example.org']") in function.diagnosis.differences
    assert app_runner.diagnosis.log[-1] == "RuntimeError: not on App Runner"
    assert app_runner.diagnosis.log[-3].endswith('settings_by_runtime.py", line 7, in <module>')
    assert app_runner.diagnosis.differences == (Difference("WEBAPP_RUNTIME", "aws_app_runner", "aws_ecs"),)
    for text in ("RuntimeError: not on App Runner", "Differs from aws_ecs/pool/direct, which worked", "other.example"):
        assert text in report


def test_wrong_responses_fail_the_target_with_the_logs_error(compare_members):
    others = MEMBERS[MEMBERS.index('[[requests]]\nname = "public"') :]
    unsteady = ('path = "/profile/"', 'path = "/unsteady/"')
    _, run, _ = compare_members((others, ""), unsteady, targets=(CONTAINER, LAMBDA))

    assert len(run.targets) == 2
    for target in run.targets:
        assert target.status == "failed"
        assert re.fullmatch(
            r"\d+ of \d+ answers were wrong \(the limit is 5%\); 'profile': expected 200, got 500; "
            r"the report shows the first error of its log",
            target.error,
        )
        assert target.diagnosis.log[-1] == "RuntimeError: unsteady on purpose"
        assert target.diagnosis.worked is None


def test_a_page_for_members_reports_its_redirect(compare_members):
    session = MEMBERS[MEMBERS.index("[session]") : MEMBERS.index("[rows]")]
    _, run, _ = compare_members((session, ""), ("anonymous = true", ""))

    assert run.targets[0].error == (
        "the first request ('profile'): expected 200, got 302 to /accounts/login/?next=/profile/; "
        "give the workload a [session] that logs in"
    )


def test_writes_without_rows_are_reported_as_not_checked(compare_members):
    rows = '[rows]\nkeys_sql = "SELECT key FROM members_letter"\n'
    exit_code, run, report = compare_members((rows, ""))

    assert exit_code == 0
    assert run.targets[0].acknowledged_writes > 0
    assert run.targets[0].rows_found is None
    assert "Writes were not checked" in report
    assert "rows found" not in report


def test_a_workload_of_reads_reports_no_writes(compare_members):
    written = MEMBERS[MEMBERS.index('[[requests]]\nname = "letter"') :]
    exit_code, run, report = compare_members((written, ""))

    assert exit_code == 0
    assert {scenario.name for scenario in run.targets[0].scenarios} == {"read", "burst"}
    assert "The workload only reads" in report
    assert "acknowledged" not in report
