"""Keeps the registry from expiring the images that a stage runs or may go back to.

The registry expires all but the newest images, whichever stage they belong to, and Lambda, ECS and App Runner stop
working without their image. Its first rule exempts images with a tag that starts with `live-`.
"""

from collections.abc import Sequence, Set

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.aws.images import Images
from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS, DeployTarget, Stack
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.rolling_back import images_of

# The number of a target's newest releases that stay available for rollbacks.
_PROTECTED_RELEASES = 10


def protect_image(context: Context, image: str) -> None:
    """Exempt the image from the registry's expiry, before the stage depends on it."""
    digest = image.rpartition("@")[2]
    prefix = live_prefix(context.deployment.stage, context.deployment.target)
    # Tags are immutable, so each digest has its own.
    context.images.tag(digest, f"{prefix}{digest.removeprefix('sha256:')}")


def release_former_images(context: Context) -> None:
    """Let the registry expire the images that the target no longer runs and is unlikely to go back to."""
    releases = context.history.read()[-_PROTECTED_RELEASES:]
    kept = {image.rpartition("@")[2] for image in images_of(context).values() if image is not None}
    kept |= {release.digest for release in releases}
    context.images.untag(live_prefix(context.deployment.stage, context.deployment.target), except_digests=kept)


def release_all_images(images: Images, stage: str, target: DeployTarget, *, except_digests: Set[str]) -> None:
    """Let the registry expire the images of a target that has been deleted, except those that other stacks run."""
    try:
        images.untag(live_prefix(stage, target), except_digests=except_digests)
    except ClientError as error:
        if error_code(error) != "RepositoryNotFoundException":
            raise


def running_digests(context: Context, *, except_stacks: Sequence[Stack]) -> frozenset[str]:
    """Return the digests of the images that the stage's other stacks run: management commands, and each target."""
    stacks = [stack for stack in STACKS if stack.name in PROCESS_STACKS and stack not in except_stacks]
    images = [context.state(stack).parameters.get("ImageUri", "") for stack in stacks]
    return frozenset(image.rpartition("@")[2] for image in images if image)


def live_prefix(stage: str, target: DeployTarget) -> str:
    """Return the start of the tags that exempt a target's images from the registry's expiry."""
    return f"live-{stage}-{target}-"
