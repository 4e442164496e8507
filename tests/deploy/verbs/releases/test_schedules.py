"""Deploys create, change and delete the schedules of a stage, and the scheduled commands run."""

import json
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

SCHEDULES = """
[stages.dev.schedules.look]
command = "showmigrations"
arguments = ["guestbook"]
rate = "1 hour"

[stages.dev.schedules.report]
command = "diffsettings"
cron = "0 8 ? * MON *"
timezone = "Europe/Berlin"

[stages.dev.schedules.import]
command = "check"
rate = "2 days"
task = true
"""


def resources(aws: StandIn, stack: str) -> set[str]:
    found = aws.client("cloudformation").describe_stack_resources(StackName=f"guestbook-dev-{stack}")
    return {each["LogicalResourceId"] for each in found["StackResources"]}


def scheduled(aws: StandIn, name: str) -> dict[str, Any]:
    """Return the properties of a schedule, from the template that CloudFormation got."""
    body = aws.client("cloudformation").get_template(StackName="guestbook-dev-schedules")["TemplateBody"]
    content = body if isinstance(body, dict) else json.loads(body)
    properties: dict[str, Any] = content["Resources"][name]["Properties"]
    return properties


@pytest.mark.verbs
def test_the_schedules_follow_the_file_and_their_commands_run(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    plain = path.read_text()
    path.write_text(plain + SCHEDULES)
    create_registry(aws)
    image = aws.push("guestbook", "v1")

    project.run("deploy", "--image", image, "--yes")

    shared = {"Group", "FunctionRole", "FailedCommands", "ScheduledCommandFailed", "NotStarted"}
    assert resources(aws, "schedules") == shared | {
        "FunctionScheduleClearsessions",
        "FunctionScheduleLook",
        "FunctionScheduleReport",
        "TaskScheduleImport",
    }
    assert "Task" in resources(aws, "operations-task")
    report = scheduled(aws, "FunctionScheduleReport")
    assert (report["ScheduleExpression"], report["ScheduleExpressionTimezone"]) == (
        "cron(0 8 ? * MON *)",
        "Europe/Berlin",
    )
    for name, words in {"Look": "showmigrations", "Report": "diffsettings"}.items():
        sent = scheduled(aws, f"FunctionSchedule{name}")["Target"]["Input"]
        answer = aws.client("lambda").invoke(FunctionName="guestbook-dev-operations", Payload=sent)
        assert json.loads(answer["Payload"].read())["exit_code"] == 0
        logged = project.run("logs", "--of", "operations").stdout
        assert f"webapp: schedule {name.lower()}: {words} ended with exit code 0" in logged

    path.write_text(plain)
    project.run("deploy", "--image", image, "--yes")

    assert resources(aws, "schedules") == {*shared, "FunctionScheduleClearsessions"}
    assert "guestbook-dev-schedules" in project.json("destroy", "--yes")["deleted"]


@pytest.mark.verbs
def test_schedules_that_fail_leave_the_release_in_place(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    aws.fail("FunctionScheduleClearsessions", "no such time", stack="guestbook-dev-schedules", times=1)

    message = project.error("deploy", "--image", image, "--yes")

    assert "no such time" in message
    assert "passed its test and receives the traffic, but its schedules are not up to date" in message
    status = project.json("status")
    assert status["image"].endswith(image)
    assert [release["verb"] for release in status["releases"]] == ["deploy"]


def test_a_schedule_that_aws_would_refuse_ends_the_verb_before_any_call(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text() + SCHEDULES.replace("0 8 ? * MON *", "0 8 * * 1"))

    message = project.error("deploy", "--yes", exit_code=2)

    assert message.startswith("webapp deploy: [stages.dev.schedules.report] cron = '0 8 * * 1' has 5 fields, but")
    assert message.endswith("write '0 8 ? * MON *'")
    assert list(aws.calls()) == []
