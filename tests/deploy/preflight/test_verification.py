"""`webapp doctor aws --verify` confirms or refutes the assumptions in docs/unverified.md that cost nothing."""

import re
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from django_runtimes.deploy.catalogue import APP_RUNNER, DATABASE, EXPRESS, PROXY, SCHEDULES, SECRETS, STACKS
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight import preflight
from django_runtimes.doctor.deployment import VERIFICATIONS
from tests.deploy.preflight.conftest import deployed
from tests.deploy.preflight.test_unanswered import DATABASE_TABLE, NETWORK_TABLE
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

PAGE = Path(__file__).parents[3] / "docs" / "unverified.md"
CHECKS = {check.subject: check for check in VERIFICATIONS}


def verify(subject: str, stage: PlannedStage) -> list[tuple[str, str]]:
    return [(str(answer.outlook), answer.text) for answer in preflight(stage, [CHECKS[subject]])]


def test_the_page_names_each_verification_once():
    """The page quotes a verification's subject in parentheses, except for the templates' syntax."""
    assert sorted(re.findall(r'\("(the [^"]+|pending rotations)"\)', PAGE.read_text())) == sorted(CHECKS)


def test_each_line_of_the_page_names_a_command():
    rows = [line for line in PAGE.read_text().splitlines() if re.fullmatch(r"\| .* \| .* \|", line)]
    ways = [row.split(" | ", 1)[1] for row in rows if row != "| assumption | how to verify it |"]

    assert len(ways) > 40
    assert [way for way in ways if "`" not in way] == []


def test_an_account_confirms_the_assumptions_about_it(plan):
    answers = preflight(plan(), VERIFICATIONS)

    assert [(str(answer.outlook), answer.text) for answer in answers] == [
        ("good", f"AWS accepts the syntax of all {len(STACKS)} templates"),
        ("good", "IAM finds no error in the 4 policies of the deploying role"),
        ("good", "DescribeType answers TypeNotFoundException for a type that a region lacks"),
        ("good", "Cloud Control answers ResourceNotFoundException for free names of all 10 types"),
    ]


@pytest.mark.parametrize(
    ("action", "code", "subject", "expected"),
    [
        (
            "cloudformation:ValidateTemplate",
            "ValidationError",
            "the syntax of the templates",
            "AWS refuses the template foundation/registry.yaml: no",
        ),
        (
            "cloudformation:DescribeType",
            "ValidationError",
            "the answer for a missing type",
            "DescribeType answers ValidationError for a type that a region lacks, not TypeNotFoundException",
        ),
        (
            "cloudcontrol:GetResource",
            "GeneralServiceException",
            "the answer for a free name",
            "Cloud Control answers GeneralServiceException for a free name of AWS::CloudWatch::Dashboard",
        ),
    ],
)
def test_an_account_refutes_an_assumption(action: str, code: str, subject: str, expected: str, aws: StandIn, plan):
    aws.refuse(action, code, "no")

    assert verify(subject, plan()) == [("bad", expected)]


def test_an_error_in_a_policy_is_found(aws: StandIn, plan):
    aws.account(forbidden=["rds:CreateDBProxy"])

    text = "IAM finds an error in the policy foundation: The action rds:CreateDBProxy does not exist."
    assert verify("the policies of the deploying role", plan()) == [("bad", text)]


def test_a_denied_verification_names_its_action(aws: StandIn, plan):
    aws.deny("accessanalyzer:ValidatePolicy")

    (answer,) = preflight(plan(), [CHECKS["the policies of the deploying role"]])

    assert str(answer) == (
        "the policies of the deploying role could not be asked: AWS does not permit ValidatePolicy; grant "
        "access-analyzer:ValidatePolicy to the deploying role (`webapp deploy policy`)"
    )


def test_the_databases_log_is_the_stacks(aws: StandIn, plan):
    stage, group = deployed(plan(), of={DATABASE: {}}), "/aws/rds/instance/guestbook-dev/postgresql"
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=group)
    assert verify("the database's log", stage) == [("doubtful", f"the log group {group} is empty")]

    logs.create_log_stream(logGroupName=group, logStreamName="guestbook-dev.0")
    logs.put_log_events(
        logGroupName=group, logStreamName="guestbook-dev.0", logEvents=[{"timestamp": 1, "message": "ready"}]
    )

    text = f"RDS writes to the log group {group}, which the deploy created"
    assert verify("the database's log", stage) == [("good", text)]


def test_the_log_of_an_existing_database_is_not_the_stacks(plan):
    stage = deployed(plan(tables={"network": NETWORK_TABLE, "database": DATABASE_TABLE}), of={DATABASE: {}})

    assert verify("the database's log", stage) == []


def test_the_proxys_share_is_a_percentage_of_max_connections(aws: StandIn, plan):
    stage = deployed(plan(), of={PROXY: {}})
    subject = "the proxy's share of connections"
    assert verify(subject, stage) == [("doubtful", "the proxy has no metric MaxDatabaseConnectionsAllowed yet")]

    aws.account(metrics={"MaxDatabaseConnectionsAllowed": 80})
    assert verify(subject, stage) == [("good", "the proxy opens at most 80 connections, 80 % of max_connections")]

    aws.account(metrics={"MaxDatabaseConnectionsAllowed": 77})
    assert verify(subject, stage) == [("bad", "the proxy opens at most 77 connections, not 80")]


def test_the_proxys_share_of_an_existing_server_is_compared(aws: StandIn, plan):
    tables = {"network": NETWORK_TABLE, "database": DATABASE_TABLE}
    stage = deployed(plan(tables=tables, MaxConnections=150), of={PROXY: {}})
    subject = "the proxy's share of connections"

    aws.account(metrics={"MaxDatabaseConnectionsAllowed": 400})
    (answer,) = preflight(stage, [CHECKS[subject]])
    assert str(answer) == (
        "the proxy opens at most 400 connections, 80 % of the whole server's, but MaxConnections = 150; write "
        "MaxConnectionsPercent = 30 into [stages.dev.parameters]"
    )

    aws.account(metrics={"MaxDatabaseConnectionsAllowed": 60})
    assert verify(subject, stage) == [("bad", "the proxy opens at most 60 connections, but ProxyMaxConnections = 80")]

    aws.account(metrics={"MaxDatabaseConnectionsAllowed": 120})
    text = "the proxy opens at most 120 of the 150 connections in MaxConnections"
    assert verify(subject, stage) == [("good", text)]


def test_a_pending_rotation_is_found(aws: StandIn, plan):
    client = aws.client("secretsmanager")
    arn = client.create_secret(Name="web-login", SecretString="first")["ARN"]
    stage = deployed(plan(), of={SECRETS: {"WebLogin": arn}})
    assert verify("pending rotations", stage) == [("good", f"no rotation of {arn} is pending")]

    client.put_secret_value(SecretId=arn, SecretString="next", VersionStages=["AWSPENDING"])

    assert verify("pending rotations", stage) == [("bad", f"a rotation of {arn} is pending, so the next one may fail")]


def test_the_scheduled_command_is_found_in_the_log(aws: StandIn, plan):
    stage, group = deployed(plan(), of={SCHEDULES: {}}), "/guestbook/dev/operations/function"
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=group)
    unrun = "the schedule clearsessions has not run clearsessions within two days"
    assert verify("the scheduled command", stage) == [("doubtful", unrun)]

    event = {
        "timestamp": int(time.time() * 1000),
        "message": "webapp: schedule clearsessions: clearsessions ended with exit code 0",
    }
    logs.put_log_events(logGroupName=group, logStreamName="1", logEvents=[event])

    text = "EventBridge Scheduler ran clearsessions, and the function accepted its event"
    assert verify("the scheduled command", stage) == [("good", text)]


class Redirecting(BaseHTTPRequestHandler):
    """Redirects /login/ to its own address, as Django does without X-Forwarded-Proto, and / to /login/."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self.send_response(301)
        self.send_header("Location", f"http://{host}/login/" if self.path == "/login/" else "/login/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep requests out of the tests' output."""


def test_a_page_that_redirects_to_itself_shows_a_missing_scheme(plan):
    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        stage = deployed(
            plan(target="aws_app_runner"),
            of={APP_RUNNER: {"Endpoint": f"http://127.0.0.1:{server.server_address[1]}"}},
        )
        good = verify("the scheme behind App Runner", stage)
        configuration = replace(stage.context.configuration, page="/login/")
        deployment = replace(stage.context.deployment, configuration=configuration)
        looping = replace(stage, context=replace(stage.context, deployment=deployment))
        (bad,) = preflight(looping, [CHECKS["the scheme behind App Runner"]])
        server.shutdown()

    assert good == [("good", "App Runner sends X-Forwarded-Proto: no page redirects to itself")]
    assert bad.outlook == "bad"
    assert bad.text == "/login/ redirects to itself, so App Runner does not send X-Forwarded-Proto"
    assert bad.remedy.startswith('set WEBAPP_HTTPS = "0" under [stages.dev.environment], since App Runner ')
    ((outlook, text),) = verify("the scheme behind App Runner", stage)
    assert (outlook, text.partition(" does not respond")[0]) == ("doubtful", f"http://127.0.0.1:{server.server_port}")


def test_the_address_of_express_mode_has_its_suffix(plan):
    stage = plan(target="aws_ecs_express")

    good = deployed(stage, of={EXPRESS: {"Endpoint": "https://gu-1.ecs.us-east-1.on.aws"}})
    other = deployed(stage, of={EXPRESS: {"Endpoint": "gu-1.example.com/"}})

    text = "the address of Express Mode ends in .ecs.us-east-1.on.aws"
    assert verify("the address of Express Mode", good) == [("good", text)]
    text = "the address of Express Mode is gu-1.example.com, which does not end in .ecs.us-east-1.on.aws"
    assert verify("the address of Express Mode", other) == [("bad", text)]
