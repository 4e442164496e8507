"""`webapp doctor aws` and `webapp deploy` ask AWS before the first deploy what would fail."""

import json
from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

# The default reservations of the web function and the operations function, and AWS's unreserved minimum.
NEEDED = 50 + 1 + 100


def findings(project: Project, exit_code: int) -> list[tuple[str, str, str]]:
    """Return the level, text and remedy of each finding, except for the container engine, which may be missing here."""
    ended = project.run("doctor", "aws", "--json", exit_code=exit_code)
    (section,) = json.loads(ended.stdout)["sections"]
    return [(finding["level"], finding["text"], finding["remedy"]) for finding in section["findings"]][1:]


def test_a_stage_that_can_be_deployed_is_ok(make_project, aws: StandIn):
    aws.limit_executions(NEEDED)

    project: Project = make_project(aws.environ)

    found = findings(project, exit_code=0)
    assert found[:3] == [
        ("ok", "account 123456789012, us-east-1", ""),
        ("ok", f"templates: {project.directory}/deploy, this project's own", ""),
        ("ok", "dev, aws_lambda: 0 stacks exist; the image is none", ""),
    ]
    assert {each[0] for each in found} == {"ok"}
    reserved = "Lambda will reserve 51 of the account's 151 concurrent executions; 51 are available"
    assert ("ok", f"staging, aws_lambda: {reserved}", "") in found


def test_a_stage_that_cannot_be_deployed_is_wrong(make_project, aws: StandIn):
    aws.limit_executions(NEEDED - 1)
    aws.deny("ec2:DescribeVpcs")

    found = findings(make_project(aws.environ), exit_code=1)

    assert next(each for each in found if each[0] == "wrong") == (
        "wrong",
        "dev, aws_lambda: Lambda will reserve 51 of the account's 150 concurrent executions; 50 are available",
        'request more (Service Quotas, Lambda, "Concurrent executions"), or '
        "write into [stages.dev.parameters]: ReservedConcurrency = 0",
    )
    assert next(each[1] for each in found if each[0] == "skipped") == (
        "dev, aws_lambda: the quota of VPCs could not be asked: AWS does not permit DescribeVpcs"
    )


def test_a_deploy_that_would_fail_creates_nothing(make_project, aws: StandIn, docker: Path):
    aws.limit_executions(NEEDED - 1)
    aws.deny("ec2:DescribeVpcs")
    project: Project = make_project(aws.environ | {"PATH": str(docker.parent)})

    ended = project.run("deploy", "--yes", exit_code=1)

    warning, error = ended.stderr.splitlines()[-2:]
    assert warning == (
        "  warning: the quota of VPCs could not be asked: AWS does not permit DescribeVpcs; grant "
        "ec2:DescribeAddresses, ec2:DescribeVpcs, servicequotas:GetAWSDefaultServiceQuota, "
        "servicequotas:GetServiceQuota to the deploying role (`webapp deploy policy`)"
    )
    assert error == (
        "webapp deploy: nothing was created, since the deploy would fail: Lambda will reserve 51 of the account's 150 "
        'concurrent executions; 50 are available; request more (Service Quotas, Lambda, "Concurrent executions"), or '
        "write into [stages.dev.parameters]: ReservedConcurrency = 0"
    )
    assert "cloudformation:CreateChangeSet" not in aws.calls()
