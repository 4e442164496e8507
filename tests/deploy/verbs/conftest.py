"""Fixtures for the verbs, which run as separate processes in a project with a webapp.toml."""

import json
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


# With these variables commands and health checks succeed, but every page is refused, since only nowhere.example is
# allowed.
PAGES_REFUSED = {"WEBAPP_ALLOWED_HOSTS": "nowhere.example"}

DOCKER = """#!/bin/sh
case $1 in
    build) echo "$@" >&2 ;;
    image) echo '[{"Id": "sha256:1", "Size": 1}]' ;;
esac
"""


def create_registry(aws: StandIn) -> None:
    """Create the registry stack outside the verbs, so that images can be pushed."""
    aws.client("cloudformation").create_stack(
        StackName="guestbook-registry",
        TemplateBody=(CHECKOUT / "deploy/foundation/registry.yaml").read_text(),
        Parameters=[{"ParameterKey": "Project", "ParameterValue": "guestbook"}],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "project", "Value": "guestbook"}, {"Key": "stage", "Value": "all"}],
    )
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName="guestbook-registry", WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )


def assert_permitted(aws: StandIn, *, besides: frozenset[str] = frozenset()) -> None:
    """Assert that the policies of the deploying role allow every action called.

    `besides` are actions that the application's own processes call.
    """
    policies = [json.loads(path.read_text()) for path in (CHECKOUT / "deploy/deploying-role").glob("*.json")]
    permitted = {action for policy in policies for each in policy["Statement"] for action in each["Action"]}
    # IAM has other names for some operations. The tests themselves make the two subtracted calls.
    names = {
        "lambda:Invoke": "lambda:InvokeFunction",
        "cloudcontrol:GetResource": "cloudformation:GetResource",
        "elbv2:DescribeLoadBalancers": "elasticloadbalancing:DescribeLoadBalancers",
        "service-quotas:GetServiceQuota": "servicequotas:GetServiceQuota",
        "service-quotas:GetAWSDefaultServiceQuota": "servicequotas:GetAWSDefaultServiceQuota",
        "sesv2:GetAccount": "ses:GetAccount",
        "sesv2:GetEmailIdentity": "ses:GetEmailIdentity",
    }
    asked = {names.get(call, call) for call in aws.calls()}
    assert asked - besides - {"cloudformation:CreateStack", "cloudformation:ListChangeSets"} <= permitted


def digests(aws: StandIn) -> tuple[str, str]:
    """Return the image digests of the web function and the operations function, according to their stacks."""
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
    """Run a verb in the background."""
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


def wait_for_line(process: subprocess.Popen[str], marker: str) -> None:
    """Wait until a running verb writes a line that contains the marker."""
    assert process.stderr is not None
    assert any(marker in line for line in process.stderr), f"the verb ended without writing {marker}"


def wait_until_held(aws: StandIn, process: subprocess.Popen[str]) -> None:
    """Wait until a running verb reaches the call that `aws` holds."""
    while not aws.is_held():
        assert process.poll() is None, process.communicate()
        time.sleep(PAUSE_S)


def wait_for_failure(process: subprocess.Popen[str]) -> str:
    """Wait until a running verb fails, and return its last line."""
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors, errors
    return errors.splitlines()[-1]


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Creates the project's folder, for a target and the variables of a stand-in."""

    def make(environ: Mapping[str, str], *, target: str = "aws_lambda", smoke_timeout_s: int = 120) -> Project:
        directory = tmp_path / "project"
        directory.mkdir()
        (directory / "deploy").symlink_to(CHECKOUT / "deploy")
        (directory / "Dockerfile").write_text("FROM scratch\n")
        (directory / "webapp.toml").write_text(CONFIGURATION.format(target=target, smoke_timeout_s=smoke_timeout_s))
        return Project(directory, environ)

    return make


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A fake docker, alone in its folder, that prints the arguments of a build and builds nothing."""
    program = tmp_path / "programs" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    return program
