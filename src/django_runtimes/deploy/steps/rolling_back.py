"""Rolls the runtime and the operations function back to an earlier image, on request or after a failed release."""

from collections.abc import Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.aws.history import Release, last_good
from django_runtimes.deploy.catalogue import OPERATIONS, Stack
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.stack import change_image

_NOTHING_BEFORE = "there is no other image to roll back to"
_AWS_FAILURES = (BotoCoreError, ClientError, ResponseParserError)


def roll_back(context: Context, image: str) -> None:
    """Deploy the image to all stacks that run it, first to the runtime, since it receives the traffic."""
    for stack in images_of(context):
        change_image(context, stack, image)


def images_of(context: Context) -> dict[Stack, str | None]:
    """Return the images of the runtime and of the operations, by their stacks; None for a stack that does not exist."""
    stacks = (context.runtime, OPERATIONS, *context.tasks)
    return {stack: context.state(stack).parameters.get("ImageUri") for stack in stacks}


def undo_release(context: Context, image: str, found: Mapping[Stack, str | None], releases: Sequence[Release]) -> str:
    """Roll back from a failed image to the newest release, and describe the outcome.

    `found` and `releases` are from the start of the deploy. A stack whose image is neither the failed one nor the one
    in `found` was changed by somebody else and keeps its image; the operations function then gets the runtime's image.
    """
    before = last_good(releases, image)
    try:
        # Another deploy's image may have passed its test since the start.
        before = last_good(context.history.read(), image)
        if before is None:
            return _NOTHING_BEFORE
        context.progress.begin(f"rollback to {before}")
        for stack, former in found.items():
            has = context.stacks.settle(context.stack_name(stack)).parameters.get("ImageUri")
            if has in {image, former}:
                change_image(context, stack, before)
            elif stack is context.runtime:
                before = has or before
        have = images_of(context)
    except (ToolError, *_AWS_FAILURES) as error:
        if before is None:
            return _NOTHING_BEFORE
        return f"the rollback failed: {explain_error(error)}; {_remains(context, image)}; {_remedy(context, before)}"
    if set(have.values()) - {before, None}:
        return f"somebody else is deploying: {_holdings(context, have)}"
    return f"{before} receives the traffic"


def _holdings(context: Context, have: Mapping[Stack, str | None]) -> str:
    return ", ".join(f"{context.stack_name(stack)} has {image or 'none'}" for stack, image in have.items())


def _remains(context: Context, image: str) -> str:
    try:
        return _holdings(context, images_of(context))
    except _AWS_FAILURES:
        names = " and ".join(context.stack_name(stack) for stack in (context.runtime, OPERATIONS))
        return f"{names} may have {image}"


def _remedy(context: Context, before: str) -> str:
    place = f"--stage {context.deployment.stage} --target {context.deployment.target}"
    return f"`webapp rollback {place} --to {before.rpartition('@')[2]}` tries again"
