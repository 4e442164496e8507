"""cfn-lint and checkov find nothing, and every suppression has a reason."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS
from django_runtimes.deploy.templates.schedule_template import with_schedules
from django_runtimes.deploy.templates.templates import Template
from tests.deploy.templates.analysis.stacks import NIGHTLY_TASK, SCHEDULES, TEMPLATES, read_template, template_names
from tests.prerequisites import lack

pytestmark = pytest.mark.profile_free

ROOT = TEMPLATES.parent
CFN_LINT = Path(sys.executable).with_name("cfn-lint")
# Checkov needs its own environment, because it pins a boto3 that is two years old.
# It runs as a module, because its script does not start if the path of its Python contains a space.
CHECKOV_PYTHON = ROOT / ".venv-templates" / "bin" / "python"


def test_cfn_lint_finds_nothing():
    linted = subprocess.run(
        [CFN_LINT, "--non-zero-exit-code", "informational", "--", *template_paths()],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_cfn_lint_finds_nothing_in_the_repeated_template_of_the_schedules(tmp_path: Path):
    path = tmp_path / "schedules.json"
    one = Template("", read_template(SCHEDULES))
    path.write_text(with_schedules(one, (CLEAR_SESSIONS, NIGHTLY_TASK)).body)

    linted = subprocess.run(
        [CFN_LINT, "--non-zero-exit-code", "informational", "--", path], check=False, capture_output=True, text=True
    )

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


@pytest.fixture
def checkov() -> Path:
    if not CHECKOV_PYTHON.exists():
        lack("checkov is not installed; run `make check-templates`, which installs it into .venv-templates")
    return CHECKOV_PYTHON


def scan(checkov: Path, directory: Path) -> dict[str, object]:
    # Checkov searches a template's path for secrets too, and some absolute paths look like one.
    scanned = subprocess.run(
        [checkov, "-m", "checkov.main", "--config-file", TEMPLATES / ".checkov.yaml", "-d", ".", "--output", "json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=directory,
    )
    report: dict[str, object] = json.loads(scanned.stdout)
    return report


def test_checkov_finds_nothing(checkov: Path):
    report = scan(checkov, TEMPLATES)

    assert report["results"] == {"failed_checks": []}
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 100


def test_checkov_accepts_a_path_that_looks_like_a_secret(checkov: Path, tmp_path: Path):
    template = Path("lambda", "template.yaml")
    # Only the last part of the path can look like a secret: no secret contains the character before that part.
    tail = f"{re.split('[^A-Za-z0-9/+=]', str(tmp_path))[-1]}/{template.with_suffix('')}"
    directory = tmp_path / ("a" * (40 - len(tail) - 1))
    (directory / template).parent.mkdir(parents=True)
    shutil.copy(TEMPLATES / template, directory / template)

    assert scan(checkov, directory)["results"] == {"failed_checks": []}


def test_checkov_finds_a_fault(checkov: Path, tmp_path: Path):
    template = (TEMPLATES / "foundation" / "storage.yaml").read_text()
    (tmp_path / "storage.yaml").write_text(template.replace("BlockPublicAcls: true", "BlockPublicAcls: false"))

    report = scan(checkov, tmp_path)

    assert {check["check_id"] for check in report["results"]["failed_checks"]} == {"CKV_AWS_53"}


def test_every_suppression_has_a_reason():
    for path in template_paths():
        text = path.read_text()
        for suppression in re.findall(r"checkov:skip=.*", text):
            assert re.fullmatch(r"checkov:skip=CKV\d?_AWS_\d+:\w.{20,}", suppression)
        assert not re.search(r"cfn-lint|ignore_checks", text)


def test_every_globally_skipped_check_has_a_reason():
    reasons: dict[str, str] = {}
    reason, ended = "", False
    for line in (TEMPLATES / ".checkov.yaml").read_text().splitlines():
        if line.startswith("  #"):
            reason, ended = ("" if ended else reason) + line, False
        elif line.startswith("  - "):
            reasons[line], ended = reason, True

    assert reasons
    assert [check for check, reason in reasons.items() if len(reason) < 40] == []


def template_paths() -> list[Path]:
    return [TEMPLATES / name for name in template_names()]
