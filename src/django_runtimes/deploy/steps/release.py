"""Releases an image: prepares the stage, shifts the traffic, runs the smoke test, and rolls back on failure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import CONNECTION_ERRORS, explain_error
from django_runtimes.deploy.aws.service_linked_roles import create_service_linked_roles
from django_runtimes.deploy.aws.service_roles import service_roles
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.catalogue import DATABASE, OPERATIONS, PROXY, Stack
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.smoke import smoke_test
from django_runtimes.deploy.steps.image_protection import protect_image, release_former_images
from django_runtimes.deploy.steps.refusals.lost_protection import confirm_lost_protection
from django_runtimes.deploy.steps.rolling_back import images_of, undo_release
from django_runtimes.deploy.steps.service_logs import limit_app_runner_logs, limit_service_logs
from django_runtimes.deploy.steps.stack import StackPlan, bring_up
from django_runtimes.deploy.steps.stage_preparation import create_web_role, migrate, pass_gate, publish_static
from django_runtimes.deploy.steps.version_removal import remove_old_versions


@dataclass(frozen=True)
class Released:
    """An image that receives the traffic."""

    image: str
    endpoint: str

    @property
    def content(self) -> dict[str, str]:
        """The release as JSON output."""
        return {"image": self.image, "digest": self.image.rpartition("@")[2], "endpoint": self.endpoint}


def lay_foundation(context: Context, new_types: Iterable[str]) -> list[StackPlan]:
    """Create or update all stacks that need no image, in order; ask once before creating any.

    `new_types` are the types of the resources of all stacks that the deploy creates.
    """
    confirm_lost_protection(context)
    context.progress.begin("foundation")
    missing = [context.stack_name(stack) for stack in context.foundation if not context.state(stack).exists]
    if missing and not context.consent.dry_run:
        context.consent.ask(f"Create {', '.join(missing)} ({context.template_source.readme()} lists their prices)?")
    if not context.consent.dry_run:
        # The database would otherwise create its log groups without a limit.
        limit_service_logs(context)
        # By the time a stack needs them, the roles can be used.
        create_service_linked_roles(context.aws, service_roles(new_types))
    ready = [stack for stack in context.foundation if context.consent.dry_run or not _needs_web_role(context, stack)]
    return [bring_up(context, stack) for stack in ready]


def preview(context: Context, image: str | None) -> list[StackPlan]:
    """Show the changes that `release` would make; without an image, assume that each stack keeps its image."""
    context.progress.begin("what would change")
    looking = replace(context, consent=Consent(yes=False, dry_run=True))
    plans = []
    for stack in (OPERATIONS, *context.tasks, context.runtime):
        shown = image or context.state(stack).parameters.get("ImageUri")
        if shown is None:
            context.progress.say(f"  {context.stack_name(stack)} would be created, once there is an image")
            plans.append(StackPlan(context.stack_name(stack), "create"))
        else:
            plans.append(bring_up(looking, stack, image=shown))
    return plans + [bring_up(looking, stack) for stack in (*context.rotation, *context.schedules)]


def confirm(context: Context, image: str) -> Context:
    """Show all changes and ask once before making the first one; return a context that does not ask again."""
    if context.consent.yes:
        return context
    preview(context, image)
    context.consent.ask(f"Migrate the database of {context.deployment.stage}, and shift the traffic to {image}?")
    return replace(context, consent=Consent(yes=True, dry_run=False))


def release(context: Context, image: str, *, verb: str, allowed: Sequence[str]) -> Released:
    """Copy static files, migrate, shift the traffic and test; after a failure, roll back and raise ToolError.

    `allowed` are migrations that the gate lets through. A killed release can be repeated: each step reads its progress
    from AWS, and a rollback goes to the newest image that passed the test. The schedules change after the test.
    """
    releases = context.history.read()
    found = images_of(context)
    protect_image(context, image)
    try:
        context.progress.begin("operations")
        bring_up(context, OPERATIONS, image=image)
        if context.static_files != "image":
            # Both versions' files are there while both receive requests.
            publish_static(context)
        context.progress.begin("database")
        if not releases:
            create_web_role(context)
        pass_gate(context, allowed)
        _require_unchanged(context, OPERATIONS, image)
        migrate(context)
        _require_unchanged(context, OPERATIONS, image)
        for stack in (*(each for each in context.foundation if _needs_web_role(context, each)), *context.rotation):
            bring_up(context, stack)
        context.progress.begin("traffic")
        for stack in (*context.tasks, context.runtime):
            bring_up(context, stack, image=image)
        context.progress.begin("test")
        endpoint = test(context, image)
    except CONNECTION_ERRORS:
        raise
    except (ToolError, BotoCoreError, ClientError) as error:
        raise ToolError(f"{explain_error(error)}; {undo_release(context, image, found, releases)}") from error
    context.history.add(image, verb)
    release_former_images(context)
    remove_old_versions(context)
    _schedule_commands(context, image)
    limit_app_runner_logs(context)
    return Released(image, endpoint)


def _needs_web_role(context: Context, stack: Stack) -> bool:
    """Return whether a stack cannot be created yet: a proxy is complete only once it has logged in with its secret."""
    by_password = context.value(DATABASE, "Credentials") == "secretsmanager"
    return stack is PROXY and by_password and not context.state(stack).exists


def _schedule_commands(context: Context, image: str) -> None:
    """Bring up the schedules last, since their commands may exist only in the new image; they roll nothing back."""
    if not context.schedules:
        return
    context.progress.begin("schedules")
    try:
        for stack in context.schedules:
            bring_up(context, stack)
    except ToolError as error:
        raise ToolError(
            f"{error}; {image} passed its test and receives the traffic, but its schedules are not up to date: fix the "
            "cause, and run it again"
        ) from error


def test(context: Context, image: str) -> str:
    """Run the smoke test and return the address; raise ToolError if it fails or the image loses the traffic."""
    endpoint = context.endpoint()
    configuration = context.configuration
    _require_unchanged(context, context.runtime, image)
    answers = smoke_test(endpoint, configuration.page, timeout_s=configuration.smoke_timeout_s)
    for answer in answers:
        context.progress.say(f"  {answer}")
    bad = [str(answer) for answer in answers if not answer.is_good]
    if bad:
        raise ToolError(f"the deployed application failed its test at {endpoint}: {'; '.join(bad)}")
    # Another image may have answered the smoke test.
    _require_unchanged(context, context.runtime, image)
    return endpoint


def _require_unchanged(context: Context, stack: Stack, image: str) -> None:
    """Raise ToolError if the stack has another image, or if an operation on it is in progress."""
    state = context.state(stack)
    has = state.parameters.get("ImageUri")
    if has != image or state.readiness is not Readiness.READY:
        raise ToolError(
            f"somebody else changed the stack {context.stack_name(stack)} at the same time: it is in {state.status} "
            f"and has {has or 'no image'}; wait until `webapp status` shows the end of that change, and run this again "
            f"for {image}"
        )
