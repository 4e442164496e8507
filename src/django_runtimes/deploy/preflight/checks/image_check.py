"""Whether the image that receives the traffic can expire."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful, good
from django_runtimes.deploy.steps.image_protection import live_prefix

_GONE = {"ImageNotFoundException", "RepositoryNotFoundException"}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    image = stage.states[context.runtime].parameters.get("ImageUri")
    if image is None:
        return
    digest = image.rpartition("@")[2]
    try:
        found = context.aws.brief_client("ecr").describe_images(
            repositoryName=context.configuration.project, imageIds=[{"imageDigest": digest}]
        )["imageDetails"]
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
        yield doubtful(
            f"the registry no longer has {digest}, which receives the traffic, so no new function, task or instance "
            "can start",
            "deploy an image that the registry has, or build another one, with `webapp deploy`",
        )
        return
    prefix = live_prefix(context.deployment.stage, context.deployment.target)
    if any(tag.startswith(prefix) for tag in found[0].get("imageTags", ())):
        yield good("the image that receives the traffic cannot expire")
    else:
        yield doubtful(
            f"{digest}, which receives the traffic, has no tag {prefix}…, so the registry deletes it after enough "
            "newer images",
            "run `webapp deploy` once, which adds the tag",
        )


RUNNING_IMAGE = PreflightCheck("the running image", ("ecr:DescribeImages",), _ask)
