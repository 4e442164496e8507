"""The images of a stage keep a tag that exempts them from the registry's expiry."""

import json

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.steps.image_protection import protect_image, release_former_images
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free


def live_images(aws: StandIn) -> dict[str, list[str]]:
    """Map the digest of each protected image to its protecting tags."""
    images = aws.client("ecr").describe_images(repositoryName="guestbook")["imageDetails"]
    tags = {image["imageDigest"]: [tag for tag in image["imageTags"] if tag.startswith("live-")] for image in images}
    return {digest: found for digest, found in tags.items() if found}


def tag_of(digest: str, place: str = "dev-aws_lambda") -> str:
    return f"live-{place}-{digest.removeprefix('sha256:')}"


@pytest.mark.verbs
def test_a_stages_images_are_protected_until_it_is_destroyed(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    project.run("deploy", "--image", first, "--yes")
    project.run("deploy", "--image", second, "--yes")
    deployed = live_images(aws)
    project.run("rollback", "--yes")
    rolled_back = live_images(aws)
    project.run("destroy", "--yes")

    assert deployed == rolled_back == {first: [tag_of(first)], second: [tag_of(second)]}
    assert live_images(aws) == {}
    assert {
        image["imageDigest"] for image in aws.client("ecr").list_images(repositoryName="guestbook")["imageIds"]
    } == {
        first,
        second,
    }


def test_an_image_is_protected_before_a_stage_depends_on_it(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")

    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", image, "--yes", exit_code=1)

    assert live_images(aws) == {image: [tag_of(image)]}
    assert aws.calls().index("ecr:PutImage") < aws.calls().index("lambda:Invoke")


def create_running(aws: StandIn, stack: str, digest: str) -> None:
    """Create a stack that says it runs the image."""
    template = {
        "Parameters": {"ImageUri": {"Type": "String"}},
        "Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": stack}}},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "ImageUri", "ParameterValue": f"registry/guestbook@{digest}"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )


def test_the_image_of_the_operations_function_outlives_its_target(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    first, second, third = (aws.push("guestbook", version) for version in ("v1", "v2", "v3"))
    for digest, place in ((first, "dev-aws_lambda"), (second, "dev-aws_ecs"), (third, "dev-aws_ecs")):
        aws.client("ecr").put_image(
            repositoryName="guestbook",
            imageManifest=aws.client("ecr").batch_get_image(
                repositoryName="guestbook", imageIds=[{"imageDigest": digest}]
            )["images"][0]["imageManifest"],
            imageTag=tag_of(digest, place),
        )
    create_running(aws, "guestbook-dev-lambda", first)
    # The last deploy was to ECS.
    create_running(aws, "guestbook-dev-operations", third)
    create_running(aws, "guestbook-dev-fargate", third)

    project.run("destroy", "--target", "aws_ecs", "--yes")
    without_target = live_images(aws)
    project.run("destroy", "--yes")

    assert without_target == {first: [tag_of(first)], third: [tag_of(third, "dev-aws_ecs")]}
    assert live_images(aws) == {}


def test_only_the_newest_releases_stay_protected(make_project, aws: StandIn, monkeypatch: pytest.MonkeyPatch):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    consent = Consent(yes=True, dry_run=False)
    dev, staging = (
        open_context(project.directory, stage=stage, target=None, consent=consent, progress=Progress())
        for stage in ("dev", "staging")
    )
    digests = [aws.push("guestbook", f"v{number}") for number in range(12)]

    protect_image(staging, f"registry/guestbook@{digests[0]}")
    for digest in digests:
        protect_image(dev, f"registry/guestbook@{digest}")
        dev.history.add(f"registry/guestbook@{digest}", "deploy")
    release_former_images(dev)

    assert live_images(aws) == {
        digests[0]: [tag_of(digests[0], "staging-aws_lambda")],
        **{digest: [tag_of(digest)] for digest in digests[2:]},
    }
