"""Brings one stack to what its template and webapp.toml say, or to another image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.stack_status import Standing
from django_runtimes.deploy.aws.stacks import ChangeSet, ResourceChange, StackState
from django_runtimes.deploy.catalogue import LAMBDA, Stack
from django_runtimes.deploy.context import Context


@dataclass(frozen=True)
class StackPlan:
    """What was to become of a stack; AWS works out the changes of one that is there."""

    stack: str
    action: Literal["create", "change", "none"]
    changes: tuple[ResourceChange, ...] = ()


def bring_up(context: Context, stack: Stack, *, image: str | None = None) -> StackPlan:
    """Create the stack or change it, after its changes were shown and agreed to; nothing where it is so already."""
    name = context.stack_name(stack)
    state = context.stacks.settle(name)
    template = context.templates[stack.name]
    if state.standing is Standing.ABSENT and context.consent.dry_run:
        context.progress.say(f"  {name} would be created, with up to {len(template.resource_types)} resources")
        return StackPlan(name, "create")
    parameters = context.parameters(stack, image)
    change_set = context.stacks.propose(state, parameters, body=template.body, tags=_tags(context, stack))
    if change_set is None:
        context.progress.say(f"  {name} is as it should be")
        return StackPlan(name, "none")
    if state.standing is Standing.ABSENT:
        context.progress.say(f"  {name} is created, with {len(change_set.changes)} resources")
        context.stacks.execute(change_set)
        return StackPlan(name, "create", change_set.changes)
    _show(context, change_set)
    if context.consent.dry_run:
        context.stacks.discard(change_set)
    else:
        _make(context, change_set)
    return StackPlan(name, "change", change_set.changes)


def change_image(context: Context, stack: Stack, image: str) -> None:
    """Give an existing stack another image, and leave its template and its other parameters as they are."""
    state = context.stacks.settle(context.stack_name(stack))
    if state.standing is Standing.ABSENT or state.parameters.get("ImageUri") == image:
        return
    parameters = {"ImageUri": image}
    if stack is LAMBDA:
        # Rollbacks shift all traffic at once.
        parameters["Shift"] = "AllAtOnce"
    change_set = context.stacks.propose(state, parameters, body=None, tags=_tags(context, stack))
    if change_set is not None:
        context.stacks.execute(change_set)


def _make(context: Context, change_set: ChangeSet) -> StackState:
    lost = [change for change in change_set.changes if change.loses_data]
    if lost:
        context.stacks.discard(change_set)
        raise ToolError(
            f"the stack {change_set.stack} would {lost[0]}, and its data would be gone; take the change back, or make "
            f"it by hand after a backup: {context.template_source.readme()}"
        )
    try:
        context.consent.ask(f"Change {change_set.stack} so?")
    except ToolError:
        context.stacks.discard(change_set)
        raise
    return context.stacks.execute(change_set)


def _show(context: Context, change_set: ChangeSet) -> None:
    conditional = "would change" if context.consent.dry_run else "is to change"
    context.progress.say(f"  {change_set.stack} {conditional}:")
    for change in change_set.changes:
        context.progress.say(f"    {change}")


def _tags(context: Context, stack: Stack) -> Mapping[str, str]:
    return {
        "project": context.configuration.project,
        "stage": context.deployment.stage if stack.of_stage else "all",
    }
