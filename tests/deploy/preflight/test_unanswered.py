"""A question that AWS does not answer is reported as such, and stops no deploy."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight import CHECKS, preflight
from django_runtimes.deploy.preflight.preflight_answer import Outlook, PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, good
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

# The first call of each check that asks AWS, by botocore's name of the service, and the error of a throttled call.
FIRST_CALLS = {
    "what the region offers": ("cloudformation:DescribeType", "Throttling"),
    "the availability zones": ("ec2:DescribeAvailabilityZones", "RequestLimitExceeded"),
    "the quota of VPCs": ("ec2:DescribeVpcs", "RequestLimitExceeded"),
    "Lambda's quota of concurrent executions": ("lambda:GetAccountSettings", "TooManyRequestsException"),
    "the quotas of vCPUs": ("service-quotas:GetServiceQuota", "TooManyRequestsException"),
    "whether names are free": ("cloudcontrol:GetResource", "ThrottlingException"),
    "the service-linked roles": ("iam:GetRole", "Throttling"),
    "permissions": ("iam:SimulatePrincipalPolicy", "Throttling"),
    "the dashboards and alarms": ("cloudwatch:ListDashboards", "Throttling"),
    "the existing network": ("ec2:DescribeVpcAttribute", "RequestLimitExceeded"),
    "the existing database": ("rds:DescribeDBInstances", "Throttling"),
    "the snapshot": ("rds:DescribeDBSnapshots", "Throttling"),
    "the zones of the endpoints": ("ec2:DescribeVpcEndpointServices", "RequestLimitExceeded"),
    "the running image": ("ecr:DescribeImages", "ThrottlingException"),
    "the certificate": ("acm:DescribeCertificate", "ThrottlingException"),
    "the hosted zone": ("route53:GetHostedZone", "Throttling"),
    "the database's class": ("rds:DescribeOrderableDBInstanceOptions", "Throttling"),
    "the Data API": ("rds:DescribeDBEngineVersions", "Throttling"),
    "the key of the measurements": ("secretsmanager:DescribeSecret", "ThrottlingException"),
    "mail through SES": ("sesv2:GetEmailIdentity", "TooManyRequestsException"),
    "the stage's functions": ("lambda:GetFunctionConfiguration", "TooManyRequestsException"),
}
# The tables of the stages to which some questions apply.
LOGIN = {"name": "orders", "operations_user": "postgres"}
NETWORK_TABLE = {"vpc": "vpc-0a1", "private_subnets": ["subnet-0a1", "subnet-0a2"]}
DATABASE_TABLE = {
    "identifier": "orders",
    "host": "orders.example.com",
    "resource_id": "db-ORDERS",
    "security_group": "sg-0d1",
    **LOGIN,
}
STAGES: dict[str, dict[str, Any]] = {
    "the existing network": {"tables": {"network": NETWORK_TABLE}},
    "the existing database": {"tables": {"network": NETWORK_TABLE, "database": DATABASE_TABLE}},
    "the snapshot": {"tables": {"database": {"snapshot": "orders-before", **LOGIN}}},
    "the zones of the endpoints": {"Egress": "endpoints"},
    "the certificate": {"target": "aws_ecs"},
    "the Data API": {"Route": "data_api"},
    "the quotas of vCPUs": {"target": "aws_ecs"},
    "the hosted zone": {"target": "aws_ecs", "HostedZoneId": "Z1"},
    "mail through SES": {"MailIdentity": "example.com"},
    "the key of the measurements": {
        "MeasurementKeyArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:measurements-a1B2c3"
    },
}
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/guestbook@sha256:{'0' * 64}"
# Their calls come before the checks, or they make none.
WITHOUT_CALLS = {
    "the ARNs among the parameters",
    "the account",
    "the database's connections",
    "the database's memory",
    "the parameters without an effect",
    "the route to the database",
    "the state of the stacks",
    "the storage of static files",
    "the target",
}


def test_every_check_is_tested_without_an_answer():
    assert {check.subject for check in CHECKS} == FIRST_CALLS.keys() | WITHOUT_CALLS


def stage_for(check: PreflightCheck, plan: Callable[..., PlannedStage]) -> PlannedStage:
    """Return a stage to which the question applies: with a function and an image, and with the tables of STAGES."""
    return deployed(
        plan(**STAGES.get(check.subject, {})),
        of={OPERATIONS: {"FunctionName": "guestbook-dev-operations"}, LAMBDA: {}},
        parameters={LAMBDA: {"ImageUri": IMAGE}},
    )


@pytest.mark.parametrize(
    "check", [each for each in CHECKS if each.subject in FIRST_CALLS], ids=lambda each: each.subject
)
def test_a_denied_question_names_the_actions_to_grant(check: PreflightCheck, aws: StandIn, plan):
    action = FIRST_CALLS[check.subject][0]
    aws.deny(action)

    assert shown(stage_for(check, plan), check) == [
        (
            "unknown",
            f"{check.subject} could not be asked: AWS does not permit {action.partition(':')[2]}",
            f"grant {', '.join(check.actions)} to the deploying role (`webapp deploy policy`)",
        )
    ]


@pytest.mark.parametrize(
    "check", [each for each in CHECKS if each.subject in FIRST_CALLS], ids=lambda each: each.subject
)
def test_a_throttled_question_is_repeated_and_then_given_up(check: PreflightCheck, aws: StandIn, plan):
    action, code = FIRST_CALLS[check.subject]
    stage = stage_for(check, plan)
    aws.refuse(action, code, "Rate exceeded", status=400)
    calls = len(aws.calls())

    ((outlook, text, _),) = shown(stage, check)

    assert (outlook, aws.calls()[calls:].count(action)) == ("unknown", 3)
    assert text.startswith(
        f"{check.subject} could not be asked: AWS throttles {action.partition(':')[2]}: Rate exceeded"
    )


def test_a_question_without_an_answer_ends_in_time(plan):
    may_answer = threading.Event()

    def wait(_: object) -> Iterator[PreflightAnswer]:
        may_answer.wait(60)
        yield good("too late")

    slow = PreflightCheck("the weather", (), wait)
    fast = PreflightCheck("the date", (), lambda _: iter([good("it is Sunday")]))

    answers = preflight(plan(), [slow, fast], timeout_s=8.0)
    may_answer.set()

    assert answers == [
        PreflightAnswer(Outlook.UNKNOWN, "the weather could not be asked: AWS did not answer within 8 s"),
        PreflightAnswer(Outlook.GOOD, "it is Sunday"),
    ]


def test_a_bug_in_a_check_is_not_an_answer(plan):
    def fail(_: object) -> Iterator[PreflightAnswer]:
        raise KeyError("PrivateSubnets")
        yield good("unreachable")

    with pytest.raises(KeyError):
        preflight(plan(), [PreflightCheck("the weather", (), fail)])
