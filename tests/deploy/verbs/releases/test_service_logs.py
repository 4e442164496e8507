"""Log groups that AWS's services create themselves expire, and never block a deploy."""

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

POSTGRESQL = "/aws/rds/instance/guestbook-dev/postgresql"
OF_ANOTHER_STAGE = "/aws/rds/proxy/guestbook-dev2"


def retention_days(aws: StandIn) -> dict[str, int | None]:
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/rds/")["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays") for group in groups}


def test_a_group_that_rds_has_left_behind_is_adopted(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    for name in (POSTGRESQL, OF_ANOTHER_STAGE):
        aws.client("logs").create_log_group(logGroupName=name)

    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    deployed = retention_days(aws)
    project.run("destroy", "--data", "--yes")

    assert deployed == {
        POSTGRESQL: 30,
        "/aws/rds/instance/guestbook-dev/iam-db-auth-error": 30,
        "/aws/rds/proxy/guestbook-dev": 30,
        OF_ANOTHER_STAGE: None,
    }
    assert retention_days(aws) == {OF_ANOTHER_STAGE: None}


@pytest.mark.verbs
def test_the_groups_of_app_runner_expire(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ, target="aws_app_runner")
    create_registry(aws)

    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")

    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/apprunner/guestbook-dev/")["logGroups"]
    assert groups != []
    assert {group.get("retentionInDays") for group in groups} == {30}
