"""Schedules in the parameters of the operations function, and what replaced the parameter ScheduledCommand."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import OPERATIONS, SCHEDULES, DeployTarget
from django_runtimes.deploy.configuration import Deployment, parse_configuration
from django_runtimes.deploy.templates.ejection import eject
from django_runtimes.deploy.templates.parameters import read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, find_templates, library_templates

IMAGE = f"registry/guestbook@sha256:{'0' * 64}"


def deployment(directory: Path, everywhere: dict[str, Any] | None = None, **stage: Any) -> Deployment:
    content = {
        "project": "guestbook",
        "region": "eu-central-1",
        "parameters": everywhere or {},
        "stages": {"dev": {"target": "aws_lambda", **stage}},
    }
    return Deployment(parse_configuration(content, directory), "dev", DeployTarget.AWS_LAMBDA)


def allowed(given: Deployment) -> str | None:
    """Return the parameter AllowedCommands, or None for the template's default."""
    templates = read_templates(given, find_templates(given.configuration.directory))
    return stack_parameters(given, OPERATIONS, templates[OPERATIONS.name], image=IMAGE).get("AllowedCommands")


def test_the_function_allows_the_commands_that_it_runs_at_set_times(tmp_path: Path):
    schedules = {
        "digest": {"command": "send_digest", "rate": "1 day"},
        "again": {"command": "send_digest", "rate": "2 days"},
        "task": {"command": "import_orders", "rate": "1 day", "task": True},
        "off": {"command": "old_command", "rate": "1 day", "enabled": False},
    }
    own = {"operations": {"AllowedCommands": "migrate,clearsessions"}}

    assert allowed(deployment(tmp_path, own, schedules=schedules)) == "migrate,clearsessions,send_digest"
    assert str(allowed(deployment(tmp_path, schedules=schedules))).endswith(",send_digest")
    assert allowed(deployment(tmp_path)) is None


@pytest.mark.parametrize("in_stack", [False, True])
@pytest.mark.parametrize(
    ("command", "schedule"),
    [
        ("clearsessions", "write nothing in its place, since this command has a schedule by default"),
        ("", "write [stages.dev.schedules.clearsessions] with enabled = false"),
        (
            "send_digest",
            "write [stages.dev.schedules.clearsessions] with enabled = false, and [stages.dev.schedules.nightly] with "
            "command = 'send_digest' and cron = '0 3 * * ? *'",
        ),
    ],
)
def test_the_error_for_the_former_parameter_has_the_schedule_to_write(
    tmp_path: Path, command: str, schedule: str, *, in_stack: bool
):
    parameters: dict[str, Any] = {"ScheduledCommand": command}
    given = deployment(tmp_path, {"operations": parameters} if in_stack else parameters)

    with pytest.raises(UsageError) as raised:
        read_templates(given, find_templates(tmp_path))

    assert str(raised.value).startswith(f"webapp.toml: ScheduledCommand = {command!r} was replaced by schedules")
    assert str(raised.value).endswith(schedule)


def test_a_copy_whose_operations_have_a_schedule_of_their_own_is_refused(tmp_path: Path):
    copy = tmp_path / "deploy"
    shutil.copytree(library_templates(), copy)
    operations = copy / OPERATIONS.template
    operations.write_text(operations.read_text().replace("  AllowedCommands:\n", "  ScheduledCommand:\n", 1))

    with pytest.raises(
        UsageError, match=r"deploy/operations is older than the schedules of webapp.toml; copy the folder"
    ):
        read_templates(deployment(tmp_path), TemplateSource(copy, is_of_project=True))


def test_a_copy_from_before_the_schedules_names_the_files_to_copy(tmp_path: Path):
    eject(tmp_path)
    (tmp_path / "deploy" / SCHEDULES.template).unlink()

    with pytest.raises(ToolError) as raised:
        find_templates(tmp_path)

    assert f"lacks operations/schedules.yaml; copy the missing files from {library_templates()}" in str(raised.value)


def test_a_copy_of_the_templates_has_the_schedules_too(tmp_path: Path):
    eject(tmp_path)
    schedules = {"digest": {"command": "send_digest", "rate": "1 day"}}

    templates = read_templates(deployment(tmp_path, schedules=schedules), find_templates(tmp_path))

    assert "FunctionScheduleDigest" in templates[SCHEDULES.name].resource_types
