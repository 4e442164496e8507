"""A deploy that fails midway restores the former image, or reports which stack has which image."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import (
    PAGES_REFUSED,
    Project,
    create_registry,
    digests,
    running,
    wait_for_failure,
    wait_until_held,
)

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]


def image_uri(digest: str) -> str:
    return f"123456789012.dkr.ecr.us-east-1.amazonaws.com/guestbook@{digest}"


@pytest.fixture
def project(make_project, aws_with_database: StandIn) -> Project:
    """A project with two releases."""
    made: Project = make_project(aws_with_database.environ)
    create_registry(aws_with_database)
    for version in ("v1", "v2"):
        made.run("deploy", "--image", aws_with_database.push("guestbook", version), "--yes")
    return made


@contextmanager
def failing_deploy(project: Project, aws: StandIn) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Yield the digest of an image whose pages are refused, and its deploy, held before the test of the pages."""
    refused = aws.push("guestbook", "v3", variables=PAGES_REFUSED)
    project.set_smoke_timeout(1)
    aws.hold("cloudformation:ExecuteChangeSet", f"guestbook-dev-lambda {refused}", done=True)
    with running(project, "deploy", "--image", refused, "--yes") as process:
        wait_until_held(aws, process)
        yield refused, process


def test_a_refusal_by_aws_rolls_back_the_deploy(project: Project, aws_with_database: StandIn):
    aws = aws_with_database
    _, second = digests(aws)
    aws.deny("lambda:Invoke")

    message = project.error("deploy", "--image", aws.push("guestbook", "v3"), "--yes")

    assert message.startswith("webapp deploy: AWS does not permit Invoke: ")
    assert message.endswith(f"{second} receives the traffic")
    assert digests(aws) == (second, second)


def test_a_failed_rollback_is_reported_with_the_failed_test(project: Project, aws_with_database: StandIn):
    aws = aws_with_database
    _, second = digests(aws)

    with failing_deploy(project, aws) as (refused, process):
        # The rollback starts with this call.
        aws.hold("ssm:GetParameterHistory", "", done=False)
        aws.resume()
        wait_until_held(aws, process)
        aws.expire_token()
        aws.resume()
        message = wait_for_failure(process)

    assert "failed its test" in message
    assert "/ answers 400" in message
    assert "the rollback failed: AWS's credentials have expired" in message
    assert f"guestbook-dev-lambda and guestbook-dev-operations may have {image_uri(refused)}" in message
    assert message.endswith(f"`webapp rollback --stage dev --target aws_lambda --to {second}` tries again")


def test_the_reported_command_completes_a_partial_rollback(project: Project, aws_with_database: StandIn):
    aws = aws_with_database
    _, second = digests(aws)

    with failing_deploy(project, aws) as (refused, process):
        aws.fail("Function", "Not today", stack="guestbook-dev-operations", on="update", times=1)
        aws.resume()
        message = wait_for_failure(process)

    assert "the rollback failed: the stack guestbook-dev-operations ended in UPDATE_ROLLBACK_COMPLETE" in message
    assert digests(aws) == (second, refused)
    command = re.search(r"`webapp (rollback .*)` tries again", message)
    assert command is not None
    project.run(*command[1].split(), "--yes")
    assert digests(aws) == (second, second)


def test_losing_the_connection_to_aws_rolls_nothing_back(project: Project, aws_with_database: StandIn):
    aws = aws_with_database
    _, second = digests(aws)
    third = aws.push("guestbook", "v3")
    aws.hold("lambda:Invoke", "noinput", done=False)

    with running(project, "deploy", "--image", third, "--yes") as process:
        wait_until_held(aws, process)
        aws.kill()
        message = wait_for_failure(process)
    aws.start()
    aws.release()

    assert message.startswith("webapp deploy: AWS cannot be reached: ")
    assert "back" not in message
    assert digests(aws) == (second, third)
    project.run("deploy", "--image", third, "--yes")
    assert digests(aws) == (third, third)
