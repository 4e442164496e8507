"""A promotion validates the destination stage before it changes anything there."""

import json

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    """A project whose stage dev has one release."""
    made: Project = make_project(aws.environ)
    create_registry(aws)
    content = {"schema": 1, "image": f"registry/guestbook@{aws.push('guestbook', 'v1')}", "verb": "deploy"}
    name = "/webapp/guestbook/dev/aws_lambda/release"
    aws.client("ssm").put_parameter(Name=name, Value=json.dumps(content), Type="String")
    return made


def with_staging_parameter(project: Project, line: str) -> None:
    path = project.directory / "webapp.toml"
    heading = "[stages.staging.parameters]\n"
    path.write_text(path.read_text().replace(heading, f"{heading}{line}\n"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("MemroyMb = 1024", "no template has parameter 'MemroyMb'; did you mean MemoryMb?"),
        ("MemoryMb = 100", "the stack 'lambda' does not accept MemoryMb = '100', which is less than 512"),
        ('Architecture = "arm64"', "dev has an image for x86_64, but staging runs on arm64"),
    ],
)
def test_the_destinations_parameters_are_checked_first(line: str, expected: str, project: Project, aws: StandIn):
    with_staging_parameter(project, line)

    message = project.error("promote", "--stage", "dev", "--to", "staging", "--yes", exit_code=2)

    assert expected in message
    assert "cloudformation:CreateChangeSet" not in aws.calls()
