"""The first deploy of an account creates the roles of AWS's services, and survives a role that is too new."""

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

TOO_NEW = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    made: Project = make_project(aws.environ, target="aws_ecs_express")
    create_registry(aws)
    return made


def deploy(project: Project, aws: StandIn) -> str:
    """Run a deploy, which ends at the first command of the operations function, since that has no database."""
    image = aws.push("guestbook", f"v{len(aws.calls())}")
    return project.run("deploy", "--image", image, "--yes", exit_code=1).stderr


def test_the_roles_of_the_planned_resources_exist_before_their_first_use(project: Project, aws: StandIn):
    deploy(project, aws)
    # The roles of the first attempt exist already.
    deploy(project, aws)

    paths = {role["Path"] for role in aws.client("iam").list_roles()["Roles"]}
    assert paths >= {
        "/aws-service-role/ecs.amazonaws.com/",
        "/aws-service-role/ecs.application-autoscaling.amazonaws.com/",
        "/aws-service-role/elasticloadbalancing.amazonaws.com/",
        "/aws-service-role/rds.amazonaws.com/",
    }
    calls = aws.calls()
    assert calls.index("iam:CreateServiceLinkedRole") < calls.index("cloudformation:ExecuteChangeSet")


def test_a_deploying_role_that_may_not_create_roles_goes_on(project: Project, aws: StandIn):
    aws.deny("iam:CreateServiceLinkedRole")

    assert "CreateServiceLinkedRole" not in deploy(project, aws).splitlines()[-1]


def test_a_role_that_is_too_new_is_tried_once_more(project: Project, aws: StandIn):
    aws.fail("AlarmTopic", TOO_NEW, stack="guestbook-dev-monitoring", times=1)

    said = deploy(project, aws)

    assert "trying once more, since AWS has created that role by now" in said
    assert project.json("status")["stacks"]["guestbook-dev-monitoring"] == "CREATE_COMPLETE"
