"""Creates or updates one stack from its template and webapp.toml, or changes only its image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.service_linked_roles import is_first_use
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import ChangeSet, ResourceChange, StackState
from django_runtimes.deploy.catalogue import LAMBDA, NETWORK, STORAGE, Stack
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.network_zones import zone_parameters
from django_runtimes.deploy.steps.static_bucket import bucket_parameters


@dataclass(frozen=True)
class StackPlan:
    """The planned action for a stack; AWS computes the changes of an existing one."""

    stack: str
    action: Literal["create", "change", "none"]
    changes: tuple[ResourceChange, ...] = ()


def bring_up(context: Context, stack: Stack, *, image: str | None = None) -> StackPlan:
    """Create the stack, or show its changes and make them once the user agrees; do nothing if it is up to date."""
    name = context.stack_name(stack)
    state = context.stacks.settle(name)
    template = context.template(stack)
    if not state.exists and context.consent.dry_run:
        context.progress.say(f"  {name} would be created, with up to {len(template.resource_types)} resources")
        return StackPlan(name, "create")
    if state.readiness is Readiness.UNCREATED:
        context.progress.say(f"  {name} could not be created before; it has no resources, and is deleted first")
        context.stacks.delete(state)
        state = context.state(stack)
    parameters = context.parameters(stack, image)
    if stack is NETWORK:
        parameters |= zone_parameters(context, state)
    if stack is STORAGE:
        parameters |= bucket_parameters(context, state)
    change_set = context.stacks.propose(state, parameters, body=template.body, tags=_tags(context, stack))
    if change_set is None:
        context.progress.say(f"  {name} is up to date")
        return StackPlan(name, "none")
    if state.readiness is Readiness.ABSENT:
        context.progress.say(f"  {name} is being created, with {len(change_set.changes)} resources")
        try:
            context.stacks.execute(change_set)
        except ToolError as error:
            if not is_first_use(str(error)):
                raise
            context.progress.say(f"  {error}; trying once more, since AWS has created that role by now")
            _create_again(context, stack, parameters)
        return StackPlan(name, "create", change_set.changes)
    _show(context, change_set)
    if context.consent.dry_run:
        context.stacks.discard(change_set)
    else:
        _apply(context, change_set)
    return StackPlan(name, "change", change_set.changes)


def _create_again(context: Context, stack: Stack, parameters: Mapping[str, str]) -> None:
    context.stacks.delete(context.state(stack))
    change_set = context.stacks.propose(
        context.state(stack), parameters, body=context.template(stack).body, tags=_tags(context, stack)
    )
    if change_set is not None:
        context.stacks.execute(change_set)


def change_image(context: Context, stack: Stack, image: str) -> None:
    """Change the image of an existing stack, and keep its template and its other parameters."""
    state = context.stacks.settle(context.stack_name(stack))
    if not state.exists or state.parameters.get("ImageUri") == image:
        return
    parameters = {"ImageUri": image}
    if stack is LAMBDA:
        # Rollbacks shift all traffic at once.
        parameters["Shift"] = "AllAtOnce"
    change_set = context.stacks.propose(state, parameters, body=None, tags=_tags(context, stack))
    if change_set is not None:
        context.stacks.execute(change_set)


def _apply(context: Context, change_set: ChangeSet) -> StackState:
    lost = [change for change in change_set.changes if change.loses_data]
    if lost:
        context.stacks.discard(change_set)
        raise ToolError(
            f"the stack {change_set.stack} would {lost[0]}, and its data would be lost; revert the change, or make "
            f"it by hand after a backup: {context.template_source.readme()}"
        )
    try:
        context.consent.ask(f"Change {change_set.stack}?")
    except ToolError:
        context.stacks.discard(change_set)
        raise
    return context.stacks.execute(change_set)


def _show(context: Context, change_set: ChangeSet) -> None:
    conditional = "would change" if context.consent.dry_run else "will change"
    context.progress.say(f"  {change_set.stack} {conditional}:")
    for change in change_set.changes:
        context.progress.say(f"    {change}")


def _tags(context: Context, stack: Stack) -> Mapping[str, str]:
    return {
        "project": context.configuration.project,
        "stage": context.deployment.stage if stack.of_stage else "all",
    }
