"""A first deploy that fails early, and the one after it."""

from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

REGISTRY = "guestbook-registry"


def test_a_registry_that_was_half_made_is_made_anew(make_project, aws: StandIn, docker: Path):
    project: Project = make_project(aws.environ | {"PATH": str(docker.parent)})
    aws.fail("PullPolicy", "not today", stack=REGISTRY, times=1)
    # As far as this goes here: nothing pushes.
    aws.fail("AlarmTopic", "no further", stack="guestbook-dev-monitoring")
    assert "PullPolicy (AWS::IAM::ManagedPolicy): not today" in project.error("deploy", "--yes")

    # As the next deploy advises.
    aws.client("cloudformation").delete_stack(StackName=REGISTRY)
    aws.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName=REGISTRY, WaiterConfig={"Delay": 1})

    assert "no further" in project.error("deploy", "--yes")
    assert project.json("status")["stacks"][REGISTRY] == "CREATE_COMPLETE"
