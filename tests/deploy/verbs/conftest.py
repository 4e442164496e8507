"""A project with a webapp.toml, and its verbs as processes of their own."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from django_runtimes.cli.processes import bound_to_parent
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.project import PAUSE_S, TIMEOUT_S, Project

CHECKOUT = Path(__file__).parents[3]

CONFIGURATION = """
project = "guestbook"
region = "us-east-1"
smoke_timeout_s = {smoke_timeout_s}

[stages.dev]
target = "{target}"

[stages.dev.parameters]
Domain = "guestbook.example.com"

[stages.dev.parameters.lambda]
Shift = "AllAtOnce"

[stages.dev.parameters.load-balancer]
CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"

[stages.staging]
target = "{target}"

[stages.staging.parameters]
Domain = "staging.example.com"

[stages.staging.parameters.lambda]
Shift = "AllAtOnce"

[stages.staging.parameters.load-balancer]
CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
"""


DOCKER = """#!/bin/sh
case $1 in
    build) echo "$@" >&2 ;;
    image) echo '[{"Id": "sha256:1", "Size": 1}]' ;;
esac
"""


def make_registry(aws: StandIn) -> None:
    """The stack that images can be pushed to, made by somebody else."""
    aws.client("cloudformation").create_stack(
        StackName="guestbook-registry",
        TemplateBody=(CHECKOUT / "deploy/foundation/registry.yaml").read_text(),
        Parameters=[{"ParameterKey": "Project", "ParameterValue": "guestbook"}],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "project", "Value": "guestbook"}, {"Key": "stage", "Value": "all"}],
    )
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName="guestbook-registry", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def assert_documented(aws: StandIn) -> None:
    """What was asked of AWS is what docs/deploy.md says that the deploying role needs."""
    documented = set(re.findall(r"`(\w+:\w+)`", (CHECKOUT / "docs/deploy.md").read_text()))
    # One action goes by another name than its operation; the last two are the tests' own.
    asked = {call.replace("lambda:Invoke", "lambda:InvokeFunction") for call in aws.calls()}
    assert asked - {"cloudformation:CreateStack", "cloudformation:ListChangeSets"} <= documented


def digests(aws: StandIn) -> tuple[str, str]:
    """What the traffic on Lambda and the operations function have by their stacks."""
    described = [
        aws.client("cloudformation").describe_stacks(StackName=f"guestbook-dev-{name}")["Stacks"][0]["Parameters"]
        for name in ("lambda", "operations")
    ]
    traffic, operations = (
        next(each["ParameterValue"].rpartition("@")[2] for each in parameters if each["ParameterKey"] == "ImageUri")
        for parameters in described
    )
    return traffic, operations


@contextmanager
def running(project: Project, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A verb beside whatever else the test does."""
    with subprocess.Popen(
        bound_to_parent([sys.executable, "-m", "webapp", *arguments]),
        cwd=project.directory,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_to(process: subprocess.Popen[str], marker: str) -> None:
    """Wait for a line of a running verb with this in it."""
    assert process.stderr is not None
    assert any(marker in line for line in process.stderr), f"it ended without {marker}"


def wait_until_held(aws: StandIn, process: subprocess.Popen[str]) -> None:
    """Wait until a running verb has come to the call that `aws` holds."""
    while not aws.is_held():
        assert process.poll() is None, process.communicate()
        time.sleep(PAUSE_S)


def read_to_failure(process: subprocess.Popen[str]) -> str:
    """The last line of a running verb, which has to fail."""
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors, errors
    return errors.splitlines()[-1]


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Makes the project's folder, for a target and the variables that lead to an AWS."""

    def make(environ: Mapping[str, str], *, target: str = "aws_lambda", smoke_timeout_s: float = 30) -> Project:
        directory = tmp_path / "project"
        directory.mkdir()
        (directory / "deploy").symlink_to(CHECKOUT / "deploy")
        (directory / "Dockerfile").write_text("FROM scratch\n")
        (directory / "webapp.toml").write_text(CONFIGURATION.format(target=target, smoke_timeout_s=smoke_timeout_s))
        return Project(directory, environ)

    return make


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A docker that says what it is to build, and builds nothing; alone in its folder."""
    program = tmp_path / "programs" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    return program
