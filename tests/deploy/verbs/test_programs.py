"""The verbs write output for programs, and tolerate a reader that stops early."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

GROUP = "/guestbook/dev/web/lambda"


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    made: Project = make_project(aws.environ)
    return made


def write_logs(aws: StandIn, *lines: str) -> None:
    """Write log lines as the application of the stage dev."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now_ms = round(time.time() * 1000)
    events = [{"timestamp": now_ms + index, "message": line} for index, line in enumerate(lines)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)


def test_a_dry_run_lists_the_change_of_each_stack(project: Project, aws: StandIn):
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text() + "\n[parameters]\nKeptImages = 20\n")

    stacks = project.json("deploy", "--image", image, "--dry-run")["stacks"]

    modified = {"action": "Modify", "resource": "Registry", "type": "AWS::ECR::Repository", "replacement": "False"}
    assert stacks[0] == {"stack": "guestbook-registry", "action": "change", "changes": [modified]}
    assert {"stack": "guestbook-dev-network", "action": "create", "changes": []} in stacks
    assert [each["stack"] for each in stacks[-2:]] == ["guestbook-dev-lambda", "guestbook-dev-schedules"]


def test_json_logs_are_one_object_per_line(project: Project, aws: StandIn):
    write_logs(aws, "first", "second")

    lines = project.run("logs", "--json").stdout.splitlines()

    assert [json.loads(line)["text"] for line in lines] == ["first", "second"]


def test_empty_logs_are_reported_on_standard_error(project: Project, aws: StandIn):
    aws.client("logs").create_log_group(logGroupName=GROUP)

    ended = project.run("logs", "--json")

    assert ended.stdout == ""
    assert "nothing was written in that time; look further back with --since" in ended.stderr


@pytest.mark.parametrize("option", [(), ("--follow",)], ids=["once", "follow"])
def test_logs_end_quietly_when_the_pipe_is_closed(project: Project, aws: StandIn, option: tuple[str, ...]):
    write_logs(aws, "first", "second")
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        [sys.executable, "-m", "webapp", "logs", *option],
        cwd=project.directory,
        env=project.environ,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_invalid_release_in_the_history_is_an_error(project: Project, aws: StandIn):
    name = "/webapp/guestbook/dev/aws_lambda/release"
    aws.client("ssm").put_parameter(Name=name, Value="v1", Type="String")

    assert f"version 1 of the parameter {name} is not a release recorded by webapp" in project.error("status")


def test_an_image_is_built_without_git(project: Project, docker: Path):
    ended = project.run("build", PATH=str(docker.parent))

    assert "org.opencontainers.image.revision=unknown" in ended.stderr
    assert ended.stdout == "guestbook:latest is 1\n"
