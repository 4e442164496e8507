"""Gives an image the traffic: database first, then the runtime, then a test; back again when something fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.deploy.catalogue import OPERATIONS
from webapp.deploy.consent import Consent
from webapp.deploy.context import Context
from webapp.deploy.errors import DeployError
from webapp.deploy.history import last_good
from webapp.deploy.smoke import smoke_test
from webapp.deploy.steps.database import create_web_role, migrate, pass_gate
from webapp.deploy.steps.stack import bring_up, change_image


@dataclass(frozen=True)
class Released:
    """An image that has the traffic."""

    image: str
    endpoint: str

    @property
    def content(self) -> dict[str, str]:
        """For programs."""
        return {"image": self.image, "digest": self.image.rpartition("@")[2], "endpoint": self.endpoint}


def lay_foundation(context: Context) -> None:
    """Everything that needs no image, one stack after the other; asks once before new ones are made."""
    context.progress.begin("foundation")
    missing = [context.stack_name(stack) for stack in context.foundation if not context.has(stack)]
    if missing and not context.consent.dry_run:
        context.consent.ask(f"Create {', '.join(missing)} (deploy/README.md has their prices)?")
    for stack in context.foundation:
        bring_up(context, stack)


def preview(context: Context, image: str | None) -> None:
    """Show what `release` would change; without an image, what another one would be put in place of."""
    context.progress.begin("what would change")
    looking = replace(context, consent=Consent(yes=False, dry_run=True))
    for stack in (OPERATIONS, context.runtime):
        shown = image or context.state(stack).parameters.get("ImageUri")
        if shown is None:
            context.progress.say(f"  {context.stack_name(stack)} would be created, once there is an image")
        else:
            bring_up(looking, stack, image=shown)


def agree(context: Context, image: str) -> Context:
    """Show what the image changes and ask, all before the first of it is done; the context that asks no more."""
    if context.consent.yes:
        return context
    preview(context, image)
    context.consent.ask(f"Migrate the database of {context.deployment.stage}, and give {image} the traffic?")
    return replace(context, consent=Consent(yes=True, dry_run=False))


def release(context: Context, image: str, *, verb: str, allowed: Sequence[str]) -> Released:
    """Migrate, move the traffic, test; what fails goes back to the image before, and raises DeployError.

    `allowed` are migrations that the gate lets through. Where this is killed, the same again goes on from there: each
    step finds out from AWS what is done, and the image before is the newest that passed the test.
    """
    releases = context.history.read()
    before = last_good(releases, image)
    try:
        context.progress.begin("operations")
        bring_up(context, OPERATIONS, image=image)
        context.progress.begin("database")
        if not releases:
            create_web_role(context)
        pass_gate(context, allowed)
        migrate(context)
        context.progress.begin("traffic")
        bring_up(context, context.runtime, image=image)
        context.progress.begin("test")
        endpoint = test(context)
    except DeployError as error:
        raise DeployError(f"{error}; {_return(context, before)}") from error
    context.history.add(image, verb)
    return Released(image, endpoint)


def go_back(context: Context, image: str) -> None:
    """Let the runtime and the operations function have an image that they had before."""
    for stack in (context.runtime, OPERATIONS):
        change_image(context, stack, image)


def test(context: Context) -> str:
    """The address, once it answers as it should; DeployError when it does not."""
    endpoint = context.endpoint()
    configuration = context.configuration
    answers = smoke_test(endpoint, configuration.page, timeout_s=configuration.smoke_timeout_s)
    for answer in answers:
        context.progress.say(f"  {answer}")
    bad = [str(answer) for answer in answers if not answer.is_good]
    if bad:
        raise DeployError(f"the deployed application failed its test at {endpoint}: {'; '.join(bad)}")
    return endpoint


def _return(context: Context, before: str | None) -> str:
    """Go back to the image before, and say how that went."""
    if before is None:
        return "there is no other image to go back to"
    context.progress.begin(f"back to {before}")
    try:
        go_back(context, before)
    except DeployError as error:
        return f"and going back to {before} failed: {error}; `webapp rollback` tries again"
    return f"{before} has the traffic"
