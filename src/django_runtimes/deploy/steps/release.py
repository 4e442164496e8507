"""Gives an image the traffic: database first, then the runtime, then a test; back again when something fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import WAY_BROKEN, explain_error
from django_runtimes.deploy.aws.stack_status import Standing
from django_runtimes.deploy.catalogue import OPERATIONS, Stack
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.smoke import smoke_test
from django_runtimes.deploy.steps.database_preparation import create_web_role, migrate, pass_gate
from django_runtimes.deploy.steps.going_back import images_of, undo_release
from django_runtimes.deploy.steps.stack import StackPlan, bring_up


@dataclass(frozen=True)
class Released:
    """An image that has the traffic."""

    image: str
    endpoint: str

    @property
    def content(self) -> dict[str, str]:
        """For programs."""
        return {"image": self.image, "digest": self.image.rpartition("@")[2], "endpoint": self.endpoint}


def lay_foundation(context: Context) -> list[StackPlan]:
    """Everything that needs no image, one stack after the other; asks once before new ones are made."""
    context.progress.begin("foundation")
    missing = [context.stack_name(stack) for stack in context.foundation if not context.has(stack)]
    if missing and not context.consent.dry_run:
        context.consent.ask(f"Create {', '.join(missing)} ({context.template_source.readme()} has their prices)?")
    return [bring_up(context, stack) for stack in context.foundation]


def preview(context: Context, image: str | None) -> list[StackPlan]:
    """Show what `release` would change; without an image, what another one would be put in place of."""
    context.progress.begin("what would change")
    looking = replace(context, consent=Consent(yes=False, dry_run=True))
    plans = []
    for stack in (OPERATIONS, context.runtime):
        shown = image or context.state(stack).parameters.get("ImageUri")
        if shown is None:
            context.progress.say(f"  {context.stack_name(stack)} would be created, once there is an image")
            plans.append(StackPlan(context.stack_name(stack), "create"))
        else:
            plans.append(bring_up(looking, stack, image=shown))
    return plans + [bring_up(looking, stack) for stack in context.rotation]


def agree(context: Context, image: str) -> Context:
    """Show what the image changes and ask, all before the first of it is done; the context that asks no more."""
    if context.consent.yes:
        return context
    preview(context, image)
    context.consent.ask(f"Migrate the database of {context.deployment.stage}, and give {image} the traffic?")
    return replace(context, consent=Consent(yes=True, dry_run=False))


def release(context: Context, image: str, *, verb: str, allowed: Sequence[str]) -> Released:
    """Migrate, move the traffic, test; what fails goes back to the image before, and raises ToolError.

    `allowed` are migrations that the gate lets through. Where this is killed, the same again goes on from there: each
    step finds out from AWS what is done, and the image before is the newest that passed the test.
    """
    releases = context.history.read()
    found = images_of(context)
    try:
        context.progress.begin("operations")
        bring_up(context, OPERATIONS, image=image)
        context.progress.begin("database")
        if not releases:
            create_web_role(context)
        pass_gate(context, allowed)
        _require_own(context, OPERATIONS, image)
        migrate(context)
        _require_own(context, OPERATIONS, image)
        for stack in context.rotation:
            bring_up(context, stack)
        context.progress.begin("traffic")
        bring_up(context, context.runtime, image=image)
        context.progress.begin("test")
        endpoint = test(context, image)
    except WAY_BROKEN:
        raise
    except (ToolError, BotoCoreError, ClientError) as error:
        raise ToolError(f"{explain_error(error)}; {undo_release(context, image, found, releases)}") from error
    context.history.add(image, verb)
    return Released(image, endpoint)


def test(context: Context, image: str) -> str:
    """The address, once it answers as it should; ToolError when it does not, or has not this image all the while."""
    endpoint = context.endpoint()
    configuration = context.configuration
    _require_own(context, context.runtime, image)
    answers = smoke_test(endpoint, configuration.page, timeout_s=configuration.smoke_timeout_s)
    for answer in answers:
        context.progress.say(f"  {answer}")
    bad = [str(answer) for answer in answers if not answer.is_good]
    if bad:
        raise ToolError(f"the deployed application failed its test at {endpoint}: {'; '.join(bad)}")
    # The answers may have been another image's.
    _require_own(context, context.runtime, image)
    return endpoint


def _require_own(context: Context, stack: Stack, image: str) -> None:
    """ToolError where somebody else has given the stack another image, or is doing so."""
    state = context.state(stack)
    has = state.parameters.get("ImageUri")
    if has != image or state.standing is not Standing.READY:
        raise ToolError(
            f"somebody else changed the stack {context.stack_name(stack)} in between: it is in {state.status} and has "
            f"{has or 'no image'}; see `webapp status`, and when they have done run this again for {image}"
        )
