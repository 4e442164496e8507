"""A first deploy fails early, and the next one recovers."""

from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

REGISTRY = "guestbook-registry"


def test_a_half_created_registry_is_recreated(make_project, aws: StandIn, docker: Path):
    project: Project = make_project(aws.environ | {"PATH": str(docker.parent)})
    aws.fail("PullPolicy", "not today", stack=REGISTRY, times=1)
    # The deploy ends here, before anything is pushed.
    aws.fail("AlarmTopic", "no further", stack="guestbook-dev-monitoring")
    assert "PullPolicy (AWS::IAM::ManagedPolicy): not today" in project.error("deploy", "--yes")

    # The next deploy would recommend this command.
    aws.client("cloudformation").delete_stack(StackName=REGISTRY)
    aws.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName=REGISTRY, WaiterConfig={"Delay": 1})

    assert "no further" in project.error("deploy", "--yes")
    assert project.json("status")["stacks"][REGISTRY] == "CREATE_COMPLETE"
