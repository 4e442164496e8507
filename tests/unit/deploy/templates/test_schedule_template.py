"""The template of one schedule, repeated for each schedule of a stage."""

import json
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import SCHEDULES
from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS, Schedule
from django_runtimes.deploy.templates.schedule_template import SCHEDULE_PARAMETERS, with_schedules
from django_runtimes.deploy.templates.templates import Template, read_template

ONE = read_template(Path(__file__).parents[4] / "deploy", SCHEDULES)
DIGEST = Schedule("send-digest", "digest", ("--to", 'a"b', "${HOME}"), "cron(30 8 ? * MON *)", "Europe/Berlin")
IMPORT = Schedule("import", "import_orders", (), "rate(1 hour)", task=True, enabled=False)


def generated(*schedules: Schedule, template: Template = ONE) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(with_schedules(template, schedules).body)
    return content


def test_each_schedule_has_its_own_resource_and_the_rest_exists_once():
    resources = generated(CLEAR_SESSIONS, DIGEST, IMPORT)["Resources"]

    assert set(resources) == {
        "FunctionScheduleClearsessions",
        "FunctionScheduleSendDigest",
        "TaskScheduleImport",
        "Group",
        "FunctionRole",
        "FailedCommands",
        "ScheduledCommandFailed",
        "NotStarted",
    }


def test_the_parameters_of_one_schedule_are_gone():
    content = generated(DIGEST, IMPORT)

    assert set(content["Parameters"]) == {"Project", "Stage", "Egress"}
    assert set(content["Conditions"]) == {"TasksInPublic"}
    assert not any(f'"{name}"' in json.dumps(content["Resources"]) for name in SCHEDULE_PARAMETERS if name != "State")


def test_a_command_reaches_the_function_as_written():
    properties = generated(DIGEST)["Resources"]["FunctionScheduleSendDigest"]["Properties"]

    assert json.loads(properties["Target"]["Input"]) == {
        "command": ["digest", "--to", 'a"b', "${HOME}"],
        "schedule": "send-digest",
    }
    assert (properties["ScheduleExpression"], properties["ScheduleExpressionTimezone"], properties["State"]) == (
        "cron(30 8 ? * MON *)",
        "Europe/Berlin",
        "ENABLED",
    )


def test_a_long_command_runs_as_a_task_in_the_subnets_of_the_stage():
    resource = generated(IMPORT)["Resources"]["TaskScheduleImport"]
    target = resource["Properties"]["Target"]

    assert json.loads(target["Input"]) == {"containerOverrides": [{"name": "operations", "command": ["import_orders"]}]}
    assert resource["Properties"]["State"] == "DISABLED"
    assert "Condition" not in resource
    assert target["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]["Fn::If"][0] == (
        "TasksInPublic"
    )


def test_eighty_schedules_fit_and_a_thousand_are_refused():
    many = [Schedule(f"report{number}", "report", ("--days", "30"), "rate(1 day)") for number in range(1000)]

    assert len(generated(*many[:80])["Resources"]) == 80 + 5
    with pytest.raises(UsageError, match=r"the stage's 1000 schedules make a template of \d+ bytes, above"):
        generated(*many)


def edited(**resources: Any) -> Template:
    """Return a project's copy of the template, with further resources and conditions."""
    content = dict(ONE.content)
    content["Conditions"] = {**content["Conditions"], "Mixed": {"!Equals": [{"!Ref": "RunsIn"}, {"!Ref": "Egress"}]}}
    content["Resources"] = {**content["Resources"], **resources}
    return Template("", content)


def test_what_a_copy_adds_to_a_schedule_is_repeated_with_it():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"!Sub": "${Project}-${ScheduleName}"}}}
    policy = {
        "Type": "AWS::SQS::QueuePolicy",
        "DependsOn": "Queue",
        "Properties": {
            "Queues": [{"!Ref": "Queue"}],
            "PolicyDocument": {"Resource": {"!GetAtt": "Queue.Arn"}, "Other": {"!Sub": "${Queue.Arn} ${!kept}"}},
        },
    }
    shared = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"!Sub": "${Project}-shared"}}}

    resources = generated(DIGEST, template=edited(Policy=policy, Queue=queue, Shared=shared))["Resources"]

    assert resources["QueueSendDigest"]["Properties"]["QueueName"] == {"Fn::Sub": "${Project}-send-digest"}
    assert resources["PolicySendDigest"] == {
        "Type": "AWS::SQS::QueuePolicy",
        "DependsOn": ["QueueSendDigest"],
        "Properties": {
            "Queues": [{"Ref": "QueueSendDigest"}],
            "PolicyDocument": {
                "Resource": {"Fn::GetAtt": ["QueueSendDigest", "Arn"]},
                "Other": {"Fn::Sub": "${QueueSendDigest.Arn} ${!kept}"},
            },
        },
    }
    assert resources["Shared"]["Properties"]["QueueName"] == {"Fn::Sub": "${Project}-shared"}


def test_a_condition_that_mixes_schedules_and_stages_is_refused():
    extra = {"Type": "AWS::SQS::Queue", "Condition": "Mixed", "Properties": {}}

    with pytest.raises(ToolError, match="the condition Mixed of the template of the schedules mixes a parameter"):
        generated(DIGEST, template=edited(Extra=extra))
