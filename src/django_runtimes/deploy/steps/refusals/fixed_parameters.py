"""Refuses changes of parameters that are fixed once a stage exists."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, NETWORK, OPERATIONS, Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing_resources import TABLE_PARAMETERS
from django_runtimes.deploy.managed_function import MANAGED_INSTANCES, can_be_managed
from django_runtimes.deploy.steps.network_zones import ZONE_PARAMETERS
from django_runtimes.deploy.steps.static_bucket import refuse_static_change
from django_runtimes.deploy.templates.database_route import (
    DATA_API_PARAMETER,
    DATA_API_ROUTE,
    ROUTE,
    RUNTIME_ROUTE,
    route_of,
)
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM, POSTGRESQL

# These parameters determine exports that other stacks import, and CloudFormation does not change an imported export.
_FIXED = {"Credentials": DATABASE, "Engine": DATABASE, "AddressPrefix": NETWORK, "ZoneA": NETWORK, "ZoneB": NETWORK}
# Only the security groups' rules depend on these.
_CHANGEABLE = {"SecurityGroup", "GroupRules"}
# The parameter that only the template of an existing network or database has.
_OF_EXISTING = {NETWORK: "VpcId", DATABASE: "Host"}
_ELSEWHERE = "deploy '{wanted}' to another stage or project and move the data"
_AGAIN = "run `webapp destroy`, which keeps the data, and deploy again"


def refuse_fixed_changes(context: Context) -> None:
    """Raise UsageError if webapp.toml changes a parameter that is fixed for the existing stage."""
    for stack in (NETWORK, DATABASE):
        _refuse_switch(context, stack)
    refuse_other_system(context)
    for name, stack in _FIXED.items():
        if name in context.templates[stack.name].parameters:
            _refuse_change(context, stack, name, reason="other stacks depend on its result", remedy=_ELSEWHERE)
    refuse_static_change(context)
    for stack in (NETWORK, DATABASE):
        for name in context.templates[stack.name].parameters:
            if name in TABLE_PARAMETERS - _CHANGEABLE:
                _refuse_table_change(context, stack, name)
    _refuse_change(
        context,
        OPERATIONS,
        "Architecture",
        reason="earlier images, to which a failed deploy rolls back, cannot run on it",
        remedy=_AGAIN,
    )
    if can_be_managed(context):
        _refuse_change(
            context,
            LAMBDA,
            MANAGED_INSTANCES,
            reason="Lambda moves no existing function to Managed Instances or back",
            remedy=_AGAIN,
            # Stacks of earlier versions do not have the parameter.
            former="no",
        )
    _refuse_other_route(context)


def refuse_other_system(context: Context) -> None:
    """Raise UsageError if webapp.toml changes the database system of the existing stage, which would lose its data."""
    if DATABASE_SYSTEM not in context.templates[DATABASE.name].parameters:
        return
    _refuse_change(
        context,
        DATABASE,
        DATABASE_SYSTEM,
        reason="CloudFormation would create an empty database in place of this one",
        remedy=_ELSEWHERE,
        # Stacks of earlier versions do not have the parameter.
        former=POSTGRESQL.value,
    )


def _can_be_recreated(state: StackState) -> bool:
    """Return whether the stack will be created, with any values; a stuck one must be deleted first."""
    return not state.exists or state.readiness is Readiness.STUCK


def _refuse_switch(context: Context, stack: Stack) -> None:
    """Refuse to replace the stage's own network or database by an existing one, which would delete it, or back."""
    state = context.state(stack)
    if _can_be_recreated(state):
        return
    table = f"[stages.{context.deployment.stage}.{stack.name}]"
    has_existing = _OF_EXISTING[stack] in state.parameters
    wants_existing = _OF_EXISTING[stack] in context.templates[stack.name].parameters
    if has_existing == wants_existing:
        return
    if wants_existing:
        raise UsageError(
            f"{table} names an existing {stack.name}, but the stage has a {stack.name} of its own, which the deploy "
            f"would delete; remove the table from {FILE_NAME}, or deploy to another stage or project and move the data"
        )
    raise UsageError(
        f"{table} names no existing {stack.name}, but the stage uses one, and the deploy would create another; "
        f"put its values back into {FILE_NAME}, or deploy to another stage or project and move the data"
    )


def _refuse_other_route(context: Context) -> None:
    state = context.state(OPERATIONS)
    found = route_of(state.parameters.get(DATA_API_PARAMETER, "no"))
    wanted = DATA_API_ROUTE if context.has_data_api else RUNTIME_ROUTE
    if not _can_be_recreated(state) and found != wanted:
        raise UsageError(
            f"{ROUTE} of {context.configuration.project}, {context.deployment.stage}, is '{found}' and cannot become "
            f"'{wanted}', since the functions that still run would lose their database during the deploy; set it back "
            f"in {FILE_NAME}, or {_AGAIN}"
        )


def _refuse_table_change(context: Context, stack: Stack, name: str) -> None:
    _refuse_change(
        context,
        stack,
        name,
        reason="CloudFormation would create another database in place of this one"
        if name == "Snapshot"
        else "other stacks depend on its result",
        remedy=_ELSEWHERE,
        # Stacks of earlier versions do not have the parameter.
        former=str(context.templates[stack.name].parameters[name].get("Default", "")),
    )


def _refuse_change(
    context: Context, stack: Stack, name: str, *, reason: str, remedy: str, former: str | None = None
) -> None:
    """Refuse another value than the stack's; `former` is its value if the stack does not have the parameter."""
    state, wanted = context.state(stack), context.value(stack, name)
    found = state.parameters.get(name, former)
    # An empty zone keeps the network's.
    if _can_be_recreated(state) or found in {None, wanted} or (name in ZONE_PARAMETERS and not wanted):
        return
    if name == "PublicSubnets" and not found:
        # No stack can import what was not exported.
        return
    shown = context.deployment.existing.written(stack, name) or name
    raise UsageError(
        f"{shown} of {context.configuration.project}, {context.deployment.stage}, is '{found}' and cannot become "
        f"'{wanted}', since {reason}; set it back in {FILE_NAME}, or {remedy.format(wanted=wanted)}"
    )
