"""Mistakes are reported before anything is created or pushed."""

from pathlib import Path

import pytest

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.image_builder import ImageBuilder
from django_runtimes.deploy.steps.image_building import build
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

# A fake docker that claims to have built an image of 11 GB.
DOCKER = """#!/bin/sh
[ "$1" != image ] || echo '[{"Id": "sha256:0123", "Size": 11811160064}]'
"""


def test_a_missing_parameter_is_found_before_any_stack_is_created(make_project, aws: StandIn):
    project: Project = make_project(aws.environ, target="aws_ecs")
    create_registry(aws)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text().replace('Domain = "guestbook.example.com"\n', ""))

    message = project.error("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=2)

    assert "the stack 'load-balancer' needs Domain, which has no default" in message
    assert "cloudformation:CreateChangeSet" not in aws.calls()


def test_an_image_too_large_for_lambda_is_refused_after_the_build(make_project, tmp_path: Path):
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    project: Project = make_project({})
    consent = Consent(yes=True, dry_run=False)
    context = open_context(project.directory, stage="dev", target=None, consent=consent, progress=Progress())

    with pytest.raises(ToolError, match=r"the image is 11\.0 GB, but Lambda"):
        build(context, ImageBuilder(ContainerEngine("docker", str(program), "28")), [])


@pytest.mark.parametrize(
    ("target", "line", "expected"),
    [
        ("aws_lambda", "MemoryMb = 100", "does not accept MemoryMb = '100', which is less than 512"),
        (
            "aws_app_runner",
            'Architecture = "arm64"',
            "'arm64' is not available on aws_app_runner, which has only x86_64",
        ),
        (
            "aws_ecs_express",
            'Architecture = "arm64"',
            "'arm64' is not available on aws_ecs_express, which has only x86_64",
        ),
    ],
)
def test_an_invalid_parameter_is_found_before_any_stack_is_created(
    target: str, line: str, expected: str, make_project, aws: StandIn
):
    project: Project = make_project(aws.environ, target=target)
    path = project.directory / "webapp.toml"
    heading = "[stages.dev.parameters]\n"
    path.write_text(path.read_text().replace(heading, f"{heading}{line}\n"))

    message = project.error("deploy", "--dry-run", "--image", "sha256:" + "0" * 64, exit_code=2)

    assert expected in message
