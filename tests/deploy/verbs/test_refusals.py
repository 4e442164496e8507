"""Each refusal by AWS ends with one line that gives AWS's reason and a remedy."""

import shutil

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import CHECKOUT, Project, create_registry

pytestmark = pytest.mark.profile_free

ABSENT = "sha256:" + "0" * 64


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    """A project of which only the registry exists."""
    made: Project = make_project(aws.environ, smoke_timeout_s=5)
    create_registry(aws)
    return made


def test_a_missing_permission_names_the_action(project: Project, aws: StandIn):
    image = aws.push("guestbook", "v1")
    aws.deny("cloudformation:CreateChangeSet")

    message = project.error("deploy", "--image", image, "--yes")

    assert message.startswith("webapp deploy: AWS does not permit CreateChangeSet: ")
    assert "cloudformation:CreateChangeSet" in message
    assert message.endswith("grant it to the deploying role, or choose another AWS_PROFILE")


def test_expired_credentials_are_explained(project: Project, aws: StandIn):
    aws.expire_token()

    assert "AWS's credentials have expired" in project.error("status")


def test_a_region_without_the_project_is_named(project: Project, aws: StandIn):
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text().replace('region = "us-east-1"', 'region = "eu-west-1"'))

    assert "there is no repository 'guestbook' in eu-west-1" in project.error("deploy", "--image", ABSENT)
    assert "is not deployed in eu-west-1" in project.error("rollback")
    assert "check region, stage and target" in project.error("manage", "--", "check")


def test_an_image_missing_from_the_registry_is_refused(project: Project, aws: StandIn):
    image = aws.push("guestbook", "v1")

    message = project.error("deploy", "--image", ABSENT)

    assert f"{ABSENT} is not, or no longer, an image in the repository 'guestbook'" in message
    assert image in message


def test_an_image_that_lambda_does_not_support_is_refused(project: Project, aws: StandIn):
    large = aws.push("guestbook", "large", size_bytes=11 * 1024**3)
    index = aws.push("guestbook", "index", media_type="application/vnd.oci.image.index.v1+json")

    assert "the image is 11.0 GB, but Lambda" in project.error("deploy", "--image", large)
    assert "--provenance=false --sbom=false" in project.error("deploy", "--image", index)


def test_a_failed_creation_is_explained_and_repeated(project: Project, aws: StandIn):
    image = aws.push("guestbook", "v1")
    aws.fail("AlarmTopic", "Topic limit exceeded", stack="guestbook-dev-monitoring", on="create", times=1)

    failed = project.error("deploy", "--image", image, "--yes")
    found = project.run("doctor", "aws", exit_code=0).stdout
    shown = project.run("deploy", "--image", image, "--dry-run").stderr
    # The second deploy ends at the first command of the operations function, which has no database.
    repeated = project.run("deploy", "--image", image, "--yes", exit_code=1).stderr

    assert (
        "guestbook-dev-monitoring ended in ROLLBACK_COMPLETE, since AlarmTopic (AWS::SNS::Topic): Topic limit" in failed
    )
    assert "the stack guestbook-dev-monitoring could not be created" in " ".join(found.split())
    assert "guestbook-dev-monitoring would be created" in shown
    assert "guestbook-dev-monitoring could not be created before; it has no resources, and is deleted first" in repeated
    assert project.json("status")["stacks"]["guestbook-dev-monitoring"] == "CREATE_COMPLETE"


def test_the_logs_of_a_stack_that_cannot_be_created_remain(project: Project, aws: StandIn):
    aws.fail("ShiftGroup", "Not today", stack="guestbook-dev-lambda", on="create")
    aws.fail("OnlyOnce", "Not today", stack="guestbook-dev-operations", on="create")

    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)

    groups = {group["logGroupName"] for group in aws.client("logs").describe_log_groups()["logGroups"]}
    assert {"/guestbook/dev/operations/function", "/guestbook/dev/web/lambda"} <= groups


def test_a_change_that_loses_data_is_refused(project: Project, aws: StandIn):
    image = aws.push("guestbook", "v1")
    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", image, "--yes", exit_code=1)
    templates = project.directory / "deploy"
    templates.unlink()
    shutil.copytree(CHECKOUT / "deploy", templates)
    storage = templates / "foundation" / "storage.yaml"
    storage.write_text(storage.read_text().replace("StoreTable", "Counters"))

    shown = project.run("deploy", "--image", image, "--dry-run")
    refused = project.error("deploy", "--image", image, "--yes")

    assert "remove StoreTable (AWS::DynamoDB::Table)" in shown.stderr
    assert "would remove StoreTable (AWS::DynamoDB::Table), and its data would be lost" in refused


@pytest.mark.parametrize(
    ("target", "parameters", "advice"),
    [
        ("aws_app_runner", "", "App Runner has been closed to new customers since 2026-04-30"),
        ("aws_ecs_express", "", "Express Mode rolls back when 4xx and 5xx together exceed about 1 %"),
        ("aws_lambda", "ReservedConcurrency = 4", "ReservedConcurrency = 4 lets few requests run at once"),
    ],
)
def test_a_weak_target_is_deployed_with_advice(
    project: Project, aws: StandIn, target: str, parameters: str, advice: str
):
    path = project.directory / "webapp.toml"
    before = path.read_text()
    path.write_text(before.replace("[stages.dev.parameters]", f"[stages.dev.parameters]\n{parameters}"))
    image = aws.push("guestbook", "v1")

    shown = project.run("deploy", "--target", target, "--image", image, "--dry-run")
    path.write_text(before)
    without = project.run("deploy", "--target", "aws_lambda", "--image", image, "--dry-run")

    assert advice in shown.stderr
    assert advice not in without.stderr


def test_a_dry_run_changes_nothing(project: Project, aws: StandIn):
    image = aws.push("guestbook", "v1")

    shown = project.run("deploy", "--image", image, "--dry-run")

    assert "guestbook-dev-database would be created, with up to" in shown.stderr
    assert "cloudformation:ExecuteChangeSet" not in aws.calls()
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}


def test_without_a_terminal_nothing_is_created(project: Project, aws: StandIn):
    message = project.error("deploy", "--image", aws.push("guestbook", "v1"), exit_code=2)

    assert "Standard input is not a terminal; add --yes" in message
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
