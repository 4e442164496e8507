"""Whether the image that receives the traffic, or the one of the operations function, can expire."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import OPERATIONS, DeployTarget, Stack
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful, good
from django_runtimes.deploy.steps.image_protection import live_prefix

_GONE = {"ImageNotFoundException", "RepositoryNotFoundException"}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    served, operated = (_digest(stage, stack) for stack in (context.runtime, OPERATIONS))
    if served:
        yield from _judge(stage, served, "receives the traffic", (context.deployment.target,))
    if operated and operated != served:
        # Another target's deploy may have been the last.
        yield from _judge(stage, operated, "runs the management commands", tuple(DeployTarget))


def _digest(stage: PlannedStage, stack: Stack) -> str:
    return stage.states[stack].parameters.get("ImageUri", "").rpartition("@")[2]


def _judge(stage: PlannedStage, digest: str, use: str, targets: tuple[DeployTarget, ...]) -> Iterator[PreflightAnswer]:
    context = stage.context
    try:
        found = context.aws.brief_client("ecr").describe_images(
            repositoryName=context.configuration.project, imageIds=[{"imageDigest": digest}]
        )["imageDetails"]
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
        yield doubtful(
            f"the registry no longer has {digest}, which {use}, so no new function, task or instance can start",
            "deploy an image that the registry has, or build another one, with `webapp deploy`",
        )
        return
    prefixes = tuple(live_prefix(context.deployment.stage, target) for target in targets)
    if any(tag.startswith(prefixes) for tag in found[0].get("imageTags", ())):
        yield good(f"the image that {use} cannot expire")
    else:
        expected = " or ".join(f"{prefix}…" for prefix in prefixes)
        yield doubtful(
            f"{digest}, which {use}, has no tag {expected}, so the registry deletes it after enough newer images",
            "run `webapp deploy` once, which adds the tag",
        )


RUNNING_IMAGE = PreflightCheck("the running image", ("ecr:DescribeImages",), _ask)
