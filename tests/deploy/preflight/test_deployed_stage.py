"""The image, the functions and the leftovers of a deployed stage."""

import pytest

from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS, SECURITY_GROUPS
from django_runtimes.deploy.preflight.checks.function_check import FUNCTIONS
from django_runtimes.deploy.preflight.checks.image_check import RUNNING_IMAGE
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import create_registry

pytestmark = pytest.mark.profile_free

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/guestbook"
GONE = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def registry(running: StandIn) -> None:
    """Create the registry, which the module's tests share."""
    create_registry(running)


@pytest.mark.usefixtures("registry")
def test_a_running_image_needs_the_tag_of_its_target(aws: StandIn, plan):
    digest = aws.push("guestbook", "v1")
    stage = deployed(plan(), of={LAMBDA: {}}, parameters={LAMBDA: {"ImageUri": f"{REPOSITORY}@{digest}"}})
    text = (
        f"{digest}, which receives the traffic, has no tag live-dev-aws_lambda-…, so the registry deletes it after "
        "enough newer images"
    )
    # Another stage's tag may go at any time.
    for tag in ("live-staging-aws_lambda-1", "live-dev-aws_ecs-1"):
        stage.context.images.tag(digest, tag)
    assert shown(stage, RUNNING_IMAGE) == [("doubtful", text, "run `webapp deploy` once, which adds the tag")]

    stage.context.images.tag(digest, "live-dev-aws_lambda-1")

    assert shown(stage, RUNNING_IMAGE) == [("good", "the image that receives the traffic cannot expire", "")]


@pytest.mark.usefixtures("registry")
def test_the_operations_functions_image_needs_the_tag_of_a_target(aws: StandIn, plan):
    digest = aws.push("guestbook", "v2")
    stage = deployed(plan(), of={OPERATIONS: {}}, parameters={OPERATIONS: {"ImageUri": f"{REPOSITORY}@{digest}"}})
    stage.context.images.tag(digest, "live-staging-aws_ecs-2")
    ((outlook, text, _),) = shown(stage, RUNNING_IMAGE)
    assert outlook == "doubtful"
    assert text.startswith(f"{digest}, which runs the management commands, has no tag live-dev-aws_lambda-… or ")

    stage.context.images.tag(digest, "live-dev-aws_ecs-2")

    assert shown(stage, RUNNING_IMAGE) == [("good", "the image that runs the management commands cannot expire", "")]


def test_a_running_image_that_has_expired_is_a_warning(plan):
    stage = deployed(plan(), of={LAMBDA: {}}, parameters={LAMBDA: {"ImageUri": f"{REPOSITORY}@{GONE}"}})

    ((outlook, text, _),) = shown(stage, RUNNING_IMAGE)

    assert outlook == "doubtful"
    assert text.startswith(f"the registry no longer has {GONE}, which receives the traffic")


def test_a_stage_without_an_image_is_not_asked_about(ask):
    assert ask(RUNNING_IMAGE) == []


def test_a_deleted_function_stops_the_deploy(plan):
    stage = deployed(plan(), of={OPERATIONS: {"FunctionName": "guestbook-dev-operations"}})

    assert shown(stage, FUNCTIONS) == [
        (
            "bad",
            "the function guestbook-dev-operations of the stack guestbook-dev-operations does not exist, as after a "
            "`webapp destroy` that was interrupted",
            "run `webapp destroy --stage dev`, which keeps the data; deploy again",
        )
    ]


def test_interfaces_that_lambda_has_left_are_named(aws: StandIn, plan):
    stage = deployed(plan(), of={SECURITY_GROUPS: {"ApplicationGroup": "sg-1"}})
    assert shown(stage, FUNCTIONS) == []

    left = {"name": "eni-1", "function": "guestbook-dev-web", "groups": ["sg-1"], "looks": 0}
    aws.put_existing("network interface", "eni-1", left)

    text = (
        "Lambda has left 1 network interfaces of deleted functions in the stage's network; they cost nothing, and "
        "`webapp destroy` deletes them"
    )
    assert shown(stage, FUNCTIONS) == [("good", text, "")]
