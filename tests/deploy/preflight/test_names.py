"""Names that AWS accepts only once are free, or the deploy ends before it creates anything."""

import json

import pytest

from django_runtimes.deploy.catalogue import LOGS
from django_runtimes.deploy.preflight.names.name_check import NAMES
from django_runtimes.deploy.templates.long_form import long_form
from tests.deploy.preflight.conftest import shown
from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import apply, template

pytestmark = pytest.mark.profile_free

REMEDY = "delete it if it is a leftover, import it into a stack, or choose another project name in webapp.toml"
PASSWORDS = {"Credentials": "secretsmanager", "Egress": "nat"}


def test_free_names_pass(ask):
    ((outlook, text, _),) = ask(NAMES)

    assert outlook == "good"
    assert text.endswith(" names of new resources are free")


@pytest.mark.parametrize(
    ("target", "type_name", "name", "stack"),
    [
        ("aws_lambda", "AWS::CloudWatch::Dashboard", "guestbook-dev", "guestbook-dev-monitoring"),
        ("aws_lambda", "AWS::ECR::Repository", "guestbook", "guestbook-registry"),
        ("aws_lambda", "AWS::Lambda::Function", "guestbook-dev-web", "guestbook-dev-lambda"),
        ("aws_lambda", "AWS::RDS::DBInstance", "guestbook-dev", "guestbook-dev-database"),
        ("aws_lambda", "AWS::RDS::DBProxy", "guestbook-dev", "guestbook-dev-proxy"),
        ("aws_lambda", "AWS::Scheduler::ScheduleGroup", "guestbook-dev", "guestbook-dev-schedules"),
        ("aws_ecs", "AWS::ECS::Cluster", "guestbook-dev", "guestbook-dev-fargate"),
        ("aws_ecs", "AWS::ElasticLoadBalancingV2::LoadBalancer", "guestbook-dev", "guestbook-dev-load-balancer"),
    ],
)
def test_a_taken_name_fails(target: str, type_name: str, name: str, stack: str, aws: StandIn, ask):
    aws.account(resources={type_name: [name]})

    text = f"{type_name} '{name}' exists already, outside the stack {stack} that would create it"
    assert ask(NAMES, target=target) == [("bad", text, REMEDY)]


def test_a_running_service_on_app_runner_has_its_name(aws: StandIn, ask):
    aws.account(resources={"AWS::AppRunner::Service": {"guestbook-dev": "DELETED"}})
    assert [answer[0] for answer in ask(NAMES, target="aws_app_runner")] == ["good"]

    aws.account(resources={"AWS::AppRunner::Service": {"guestbook-dev": "RUNNING"}})

    text = (
        "AWS::AppRunner::Service 'guestbook-dev' exists already, outside the stack guestbook-dev-apprunner that would "
        "create it"
    )
    assert ask(NAMES, target="aws_app_runner") == [("bad", text, REMEDY)]


def test_a_rotation_needs_the_name_of_its_function(aws: StandIn, ask):
    aws.account(resources={"AWS::Lambda::Function": ["guestbook-dev-rotation"]})
    assert [answer[0] for answer in ask(NAMES)] == ["good"]

    text = (
        "AWS::Lambda::Function 'guestbook-dev-rotation' exists already, outside the stack guestbook-dev-rotation that "
        "would create it"
    )
    assert ask(NAMES, **PASSWORDS) == [("bad", text, REMEDY)]


def test_the_name_of_another_engine_is_not_asked_for(aws: StandIn, ask):
    aws.account(resources={"AWS::RDS::DBCluster": ["guestbook-dev"]})

    assert [answer[0] for answer in ask(NAMES)] == ["good"]
    assert [answer[0] for answer in ask(NAMES, Engine="aurora")] == ["bad"]


def test_an_existing_stack_has_its_own_names(aws: StandIn, plan):
    logs = dict(plan(stage="qa").context.templates[LOGS.name].content)
    older = {name: each for name, each in logs["Resources"].items() if name != "ExpressLog"}
    body = json.dumps({**long_form(logs), "Resources": long_form(older), "Outputs": {}})
    apply(aws.client("cloudformation"), "guestbook-qa-logs", body, Project="guestbook", Stage="qa")
    assert [answer[0] for answer in shown(plan(stage="qa"), NAMES)] == ["good"]

    # An upgrade adds this group to the stack.
    aws.account(resources={"AWS::Logs::LogGroup": ["/guestbook/qa/web/express"]})

    text = (
        "AWS::Logs::LogGroup '/guestbook/qa/web/express' exists already, outside the stack guestbook-qa-logs that "
        "would create it"
    )
    assert shown(plan(stage="qa"), NAMES) == [("bad", text, REMEDY)]


def test_a_schedule_made_by_hand_has_its_name_in_an_existing_group(aws: StandIn, plan):
    digest = {"command": "check", "rate": "1 day"}
    schedules = {"tables": {"schedules": {"digest": digest}}, "stage": "live", "production": True}
    aws.account(resources={"AWS::Scheduler::Schedule": ["guestbook-live/digest"]})
    assert [answer[0] for answer in shown(plan(**schedules), NAMES)] == ["good"]
    group = {"Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "guestbook-live"}}}
    apply(aws.client("cloudformation"), "guestbook-live-schedules", template(group))

    text = (
        "AWS::Scheduler::Schedule 'guestbook-live/digest' exists already, outside the stack guestbook-live-schedules "
        "that would create it"
    )
    assert shown(plan(**schedules), NAMES) == [("bad", text, REMEDY)]


def test_a_name_that_another_stack_exports_fails(aws: StandIn, plan):
    topic = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    export = {"Topic": {"Value": "x", "Export": {"Name": "guestbook-demo-alarm-topic"}}}
    apply(aws.client("cloudformation"), "copy-by-hand", template(topic, outputs=export))

    assert shown(plan(stage="demo"), NAMES) == [
        (
            "bad",
            "the stack copy-by-hand exports 'guestbook-demo-alarm-topic' already, so guestbook-demo-monitoring could "
            "not",
            "delete that stack if it is a leftover, or choose another project name in webapp.toml",
        )
    ]
