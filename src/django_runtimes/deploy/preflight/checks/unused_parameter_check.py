"""Which parameters of webapp.toml nothing in the stage uses, for example since its database has no proxy."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import (
    OPERATIONS,
    OPERATIONS_TASK,
    PROXY,
    ROTATION,
    SCHEDULES,
    DeployTarget,
    Stack,
)
from django_runtimes.deploy.configuration import FILE_NAME, Deployment
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful
from django_runtimes.deploy.templates.database_route import ROUTE
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM
from django_runtimes.deploy.templates.parameters import effective, given_parameters, read_templates
from django_runtimes.deploy.templates.used_parameters import used_parameters

# What each stack of a stage uses, by the stack's name.
Used = Mapping[str, frozenset[str]]


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    used = _used(context)
    name = context.deployment.stage
    for place, table, is_shared in (
        ("[parameters]", context.configuration.parameters, True),
        (f"[stages.{name}.parameters]", context.deployment.settings.parameters, False),
    ):
        for stack, parameter, value in _written(table):
            # A shared parameter may be meant for other stages.
            if _is_used(used, stack, parameter) or (is_shared and _is_used_elsewhere(context, stack, parameter)):
                continue
            where = place if stack is None else f"{place[:-1]}.{stack}]"
            yield doubtful(
                f"{parameter} = {value!r} has no effect: {_reason(context, parameter)}",
                f"remove it from {where} of {FILE_NAME}",
            )


def _written(table: Mapping[str, object]) -> Iterator[tuple[str | None, str, object]]:
    """Yield the stack, None for all stacks, the name and the value of each parameter in a table."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from ((name, parameter, each) for parameter, each in value.items())
        elif name != ROUTE:
            yield None, name, value


def _is_used(used: Used, stack: str | None, parameter: str) -> bool:
    return any(parameter in names for name, names in used.items() if stack in {None, name})


def _is_used_elsewhere(context: Context, stack: str | None, parameter: str) -> bool:
    for name, settings in context.configuration.stages.items():
        if name == context.deployment.stage:
            continue
        deployment = Deployment(context.configuration, name, settings.target)
        try:
            templates = read_templates(deployment, context.template_source)
        except (ToolError, UsageError):
            # The mistake is reported when that stage is deployed.
            return True
        if _is_used(_used(replace(context, deployment=deployment, templates=templates)), stack, parameter):
            return True
    return False


def _used(context: Context) -> Used:
    """Return what the stacks of the stage use, on any target, since --target may choose another one."""
    stacks: dict[Stack, None] = dict.fromkeys((OPERATIONS, OPERATIONS_TASK, SCHEDULES, *context.rotation))
    for target in DeployTarget:
        of_target = replace(context, deployment=replace(context.deployment, target=target))
        stacks |= dict.fromkeys((*of_target.foundation, of_target.runtime))
    found = {}
    for stack in stacks:
        template = context.templates[stack.name]
        try:
            given = given_parameters(context.deployment, stack, template)
        except UsageError:
            # A template of another target may not allow a value.
            found[stack.name] = frozenset(template.parameters)
            continue
        found[stack.name] = used_parameters(
            template, {name: effective(template, given, name) for name in template.parameters}
        )
    return found


def _reason(context: Context, parameter: str) -> str:
    system = context.database_system
    declaring = {stack for stack, template in context.templates.items() if parameter in template.parameters}
    if not declaring:
        return f"no template for {DATABASE_SYSTEM} = '{system.value}' has it"
    if not system.has_proxy and (PROXY.name in declaring or parameter == "ProxyMaxConnections"):
        return f"RDS Proxy does not serve {system.product}"
    if not system.has_rotation and ROTATION.name in declaring:
        return f"AWS's functions cannot change passwords of {system.product} over TLS, so nothing rotates them"
    return f"nothing in the stage uses it, with {DATABASE_SYSTEM} = '{system.value}' and its other parameters"


UNUSED_PARAMETERS = PreflightCheck("the parameters without an effect", (), _ask)
