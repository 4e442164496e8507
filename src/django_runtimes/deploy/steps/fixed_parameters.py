"""Refuses changes of parameters that are fixed once a stage exists."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.catalogue import DATABASE, NETWORK, OPERATIONS, Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context

# These parameters determine exports that other stacks import, and CloudFormation does not change an imported export.
_FIXED = {"Credentials": DATABASE, "Engine": DATABASE, "AddressPrefix": NETWORK, "ZoneA": NETWORK, "ZoneB": NETWORK}


def refuse_fixed_changes(context: Context) -> None:
    """Raise UsageError if webapp.toml changes a parameter that is fixed for the existing stage."""
    for name, stack in _FIXED.items():
        _refuse_change(
            context,
            stack,
            name,
            reason="other stacks depend on its result",
            remedy="deploy '{wanted}' to another stage or project and move the data",
        )
    _refuse_change(
        context,
        OPERATIONS,
        "Architecture",
        reason="earlier images, to which a failed deploy rolls back, cannot run on it",
        remedy="run `webapp destroy`, which keeps the data, and deploy again",
    )


def _refuse_change(context: Context, stack: Stack, name: str, *, reason: str, remedy: str) -> None:
    state, wanted = context.state(stack), context.value(stack, name)
    found = state.parameters.get(name)
    # A stuck stack must be deleted first, and can be recreated with another value.
    if not state.exists or state.readiness is Readiness.STUCK or found in {None, wanted}:
        return
    raise UsageError(
        f"{name} of {context.configuration.project}, {context.deployment.stage}, is '{found}' and cannot become "
        f"'{wanted}', since {reason}; set it back in {FILE_NAME}, or {remedy.format(wanted=wanted)}"
    )
