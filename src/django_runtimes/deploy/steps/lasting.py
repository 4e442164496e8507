"""Refuses what a live stage cannot become, before anything is changed."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.stack_status import Standing
from django_runtimes.deploy.catalogue import DATABASE, NETWORK, OPERATIONS, Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context

# Other stacks import what is made by these, and CloudFormation changes no export that is imported.
_LASTING = {"Credentials": DATABASE, "Engine": DATABASE, "AddressPrefix": NETWORK, "ZoneA": NETWORK, "ZoneB": NETWORK}


def keep_what_lasts(context: Context) -> None:
    """UsageError for another value of what a stage is built on."""
    for name, stack in _LASTING.items():
        _refuse_change(
            context,
            stack,
            name,
            reason="other stacks hold on to what it made",
            remedy="deploy '{wanted}' to another stage or project and move the data",
        )
    _refuse_change(
        context,
        OPERATIONS,
        "Architecture",
        reason="the images of before, to which a failed deploy goes back, cannot run on it",
        remedy="take away what runs by `webapp destroy`, which keeps the data, and deploy again",
    )


def _refuse_change(context: Context, stack: Stack, name: str, *, reason: str, remedy: str) -> None:
    state, wanted = context.state(stack), context.value(stack, name)
    found = state.parameters.get(name)
    # A stack that is stuck has to go first, and may come back with another value.
    if state.standing in {Standing.ABSENT, Standing.STUCK} or found in {None, wanted}:
        return
    raise UsageError(
        f"{name} of {context.configuration.project}, {context.deployment.stage}, is '{found}' and cannot become "
        f"'{wanted}', since {reason}; set it back in {FILE_NAME}, or {remedy.format(wanted=wanted)}"
    )
