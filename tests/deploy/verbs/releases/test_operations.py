"""Management commands run on a deployed stage, and their logs can be read."""

import json

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]


def test_a_commands_output_and_exit_code_are_returned(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")

    shown = project.run("manage", "--", "showmigrations", "guestbook")
    failed = project.json("manage", "--", "migrate", "nosuchapp", exit_code=1)
    refused = project.error("manage", "--", "flush", "--noinput")

    assert "[X] 0001" in shown.stdout
    assert "No installed app with label 'nosuchapp'" in failed["output"]
    assert "'flush' is not allowed in this function" in refused
    assert "showmigrations ended with exit code 0" in project.run("logs", "--of", "operations").stdout


def test_a_long_command_runs_as_a_task(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")

    shown = project.json("manage", "--task", "--yes", "--", "showmigrations", "guestbook")
    failed = project.json("manage", "--task", "--yes", "--", "migrate", "nosuchapp", exit_code=1)

    assert "[X] 0001" in shown["output"]
    assert "No installed app with label 'nosuchapp'" in failed["output"]
    assert aws.client("iam").get_role(RoleName="AWSServiceRoleForECS")["Role"]
    assert "guestbook-dev-operations-task" in project.json("destroy", "--yes")["deleted"]
    assert_permitted(aws)


def test_logs_are_followed_until_ctrl_c(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")

    line, exit_code = project.first_line("logs", "--follow", "--since", "1h", "--of", "operations", "--json")

    assert json.loads(line)["group"] == "/guestbook/dev/operations/function"
    assert exit_code == 0
