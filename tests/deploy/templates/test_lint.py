"""cfn-lint and checkov find nothing, and every suppression has a reason."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from django_runtimes.config.variables.secret_references import parse_secret_reference
from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS
from django_runtimes.deploy.templates.ejection import eject
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME
from django_runtimes.deploy.templates.process_template import with_own_settings
from django_runtimes.deploy.templates.schedule_template import with_schedules
from django_runtimes.deploy.templates.templates import Template
from django_runtimes.deploy.templates.templates import read_template as read_stack
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


def test_copies_in_a_project_need_no_scan_of_their_own(tmp_path: Path):
    """The scan of the templates covers the copies that `webapp init --eject` makes, since they are identical."""
    copy = eject(tmp_path)

    copied = {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()} - {Path(RECORD_NAME)}
    assert {Path(name) for name in template_names()} <= copied
    assert [path for path in copied if (copy / path).read_bytes() != (TEMPLATES / path).read_bytes()] == []


def test_checkov_finds_nothing_new_in_completed_templates(checkov: Path, tmp_path: Path):
    """The verbs add a stage's variables, secrets and schedules to some templates, and send them as JSON."""
    own = OwnSettings({"SITE_NAME": "Guestbook"}, {"DSN": parse_secret_reference("/guestbook/dsn")})
    stacks = [stack for stack in STACKS if stack.name in PROCESS_STACKS]
    bodies = {
        stack.template: with_own_settings(read_stack(TEMPLATES, stack), stack.name, own, secrets_version="v1").body
        for stack in stacks
    }
    one = Template("", read_template(SCHEDULES))
    bodies[SCHEDULES] = with_schedules(one, (CLEAR_SESSIONS, NIGHTLY_TASK)).body
    for name, body in bodies.items():
        path = (tmp_path / name).with_suffix(".json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(body)

    report = scan(checkov, tmp_path)

    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 50
    # JSON has no comments, so it repeats the findings that a comment in the template suppresses with its reason.
    suppressed = {
        (f"/{Path(name).with_suffix('.json')}", check)
        for name in bodies
        for check in re.findall(r"checkov:skip=(CKV\d?_AWS_\d+):", (TEMPLATES / name).read_text())
    }
    found = {(check["file_path"], check["check_id"]) for check in report["results"]["failed_checks"]}
    assert found - suppressed == set()


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
