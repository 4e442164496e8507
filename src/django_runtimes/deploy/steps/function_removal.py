"""Deletes a stage's functions while their roles exist, with which Lambda frees their network interfaces.

Interfaces that Lambda could not free would keep the network's security groups from being deleted, for good.
"""

from collections.abc import Iterable, Mapping

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.network.function_interfaces import (
    delete_functions,
    free_interfaces,
    functions_with_group,
)
from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS, ROTATION, SECURITY_GROUPS, Stack
from django_runtimes.deploy.context import Context

# The last parts of the names of the functions in the network, by their stacks; AWS creates those of the rotation.
_FUNCTIONS: Mapping[Stack, tuple[str, ...]] = {
    LAMBDA: ("web",),
    OPERATIONS: ("operations",),
    ROTATION: ("rotation", "operations-rotation"),
}


def refuse_other_functions(context: Context, going: Iterable[Stack]) -> None:
    """Raise ToolError if functions of none of these stacks use the stage's network, which is to be deleted."""
    group = _group(context)
    others = _others(context, group, going) if group else []
    if others:
        raise ToolError(
            f"{', '.join(others)} on Lambda has the security group {group}, which --data deletes, and nothing was "
            "deleted; give the function another group or delete it, and run this again"
        )


def delete_stage_functions(context: Context, going: Iterable[Stack]) -> None:
    """Delete the functions of these stacks."""
    delete_functions(context.aws, _own(context, going))


def free_stage_interfaces(context: Context, going: Iterable[Stack]) -> None:
    """Wait until Lambda has freed the interfaces of the deleted functions; ToolError if it does not."""
    group = _group(context)
    # Functions with the same subnets and groups share their interfaces, which then stay in use.
    if group and not _others(context, group, going):
        free_interfaces(context.aws, context.progress, group)


def _group(context: Context) -> str | None:
    return context.state(SECURITY_GROUPS).outputs.get("ApplicationGroup")


def _own(context: Context, going: Iterable[Stack]) -> list[str]:
    stage = f"{context.configuration.project}-{context.deployment.stage}"
    return [f"{stage}-{name}" for stack in going for name in _FUNCTIONS.get(stack, ())]


def _others(context: Context, group: str, going: Iterable[Stack]) -> list[str]:
    own = _own(context, going)
    return [name for name in functions_with_group(context.aws.client("lambda"), group) if name not in own]
