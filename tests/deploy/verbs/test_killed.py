"""A verb that is killed with SIGKILL at any step, and run again."""

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, make_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

# A line of each step, in the order in which they come.
STEPS = (
    "guestbook-dev-monitoring is created",
    "Vpc (AWS::EC2::VPC) is being created",
    "guestbook-dev-database is created",
    "DatabaseInstance (AWS::RDS::DBInstance) is being created",
    "guestbook-dev-proxy: guestbook-dev-proxy (AWS::CloudFormation::Stack) is there",
    "guestbook-dev-operations is created",
    "create_web_role runs",
    "migration_gate runs",
    "migrate runs",
    "guestbook-dev-lambda is created",
    "Alias (AWS::Lambda::Alias) is being created",
    "/readyz answers",
)


def versions(aws: StandIn) -> list[str]:
    """The versions of the web function."""
    found = aws.client("lambda").list_versions_by_function(FunctionName="guestbook-dev-web")["Versions"]
    return [each["Version"] for each in found if each["Version"] != "$LATEST"]


def test_a_deploy_goes_on_from_wherever_it_was_killed(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first = aws.push("guestbook", "v1")

    killed = [step for step in STEPS if project.kill_at(step, "deploy", "--image", first, "--yes")]

    # What is quick may have ended while the next one was still starting.
    assert killed[0] == STEPS[0]
    assert "migrate runs" in killed
    assert project.json("deploy", "--image", first, "--yes")["digest"] == first
    status = project.json("status")
    assert [release["image"] for release in status["releases"]] == [status["image"]]
    assert versions(aws) == ["1"]
    assert "[X] 0001" in project.run("manage", "--", "showmigrations", "guestbook").stdout


def test_an_update_killed_before_its_test_goes_back_when_it_fails_later(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ, smoke_timeout_s=10)
    make_registry(aws)
    first = aws.push("guestbook", "v1")
    refused = aws.push("guestbook", "v2", variables={"WEBAPP_ALLOWED_HOSTS": "nowhere.example"})
    project.run("deploy", "--image", first, "--yes")

    assert project.kill_at("/readyz answers", "deploy", "--image", refused, "--yes")
    assert project.json("status")["image"].endswith(refused)
    message = project.error("deploy", "--image", refused, "--yes")

    assert message.endswith(f"{first} has the traffic")
    assert project.json("status")["image"].endswith(first)


def test_a_rollback_and_a_destroy_go_on_too(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")
    project.run("deploy", "--image", first, "--yes")
    project.run("deploy", "--image", second, "--yes")

    for step in ("guestbook-dev-lambda: ", "guestbook-dev-operations: ", "/readyz answers"):
        assert project.kill_at(step, "rollback", "--yes")
    assert project.json("rollback", "--yes")["digest"] == first

    assert project.kill_at("is being deleted", "destroy", "--yes")
    project.run("destroy", "--yes")
    assert "guestbook-dev-lambda" not in project.json("status")["stacks"]
