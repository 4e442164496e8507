"""Checks a stage's own variables and secrets before anything is built or changed."""

from django_runtimes.cli.project.project import project_at
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import LAMBDA, NETWORK, OPERATIONS, PROCESS_STACKS
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.managed_function import MANAGED_INSTANCES, is_managed
from django_runtimes.deploy.own_settings import PLATFORM_PREFIXES
from django_runtimes.deploy.templates.reserved_names import (
    OPTIONAL_PARAMETERS,
    refuse_set_by_templates,
    set_by_templates,
)

_READS_KEY = "ReadsSecretKey"


def check_own_variables(context: Context) -> None:
    """Raise UsageError for a missing or reserved variable; ToolError for a secret that no process could read."""
    _refuse_set_by_templates(context)
    _require_named(context)
    if context.own_settings.secrets:
        _require_route_to_secrets(context)
        # The first access looks every secret up.
        _ = context.secrets_version
    _require_route_to_key(context)
    _require_route_of_instances(context)


def _refuse_set_by_templates(context: Context) -> None:
    templates = [context.templates[name] for name in PROCESS_STACKS]
    own, stage = context.own_settings, context.deployment.stage
    for table, names in (("environment", own.environment), ("secrets", own.secrets)):
        refuse_set_by_templates(templates, names, place=f"[stages.{stage}.{table}]", stage=stage)
        for name in sorted(OPTIONAL_PARAMETERS.keys() & names):
            parameter, setting = OPTIONAL_PARAMETERS[name]
            # An older copy of the templates does not have the parameter.
            has_parameter = parameter in context.templates[OPERATIONS.name].parameters
            if has_parameter and (value := context.value(OPERATIONS, parameter)) in setting:
                raise UsageError(
                    f"[stages.{stage}.{table}] {name} and {parameter} = '{value}' contradict each other; remove one of "
                    f"them from {FILE_NAME}"
                )


def _require_named(context: Context) -> None:
    """Raise UsageError if the stage lacks a variable that [tool.webapp] lists and its own templates do not set."""
    stage = context.deployment.stage
    in_templates = [set_by_templates([context.templates[name]]) for name in (context.runtime.name, OPERATIONS.name)]
    missing = [
        name
        for name in project_at(context.configuration.directory).environment
        if name not in context.own_settings.names
        # No stage can set these.
        and not name.startswith(PLATFORM_PREFIXES)
        and not all(name in names for names in in_templates)
    ]
    if missing:
        raise UsageError(
            f"{', '.join(missing)}: [tool.webapp] environment lists it, and the stage {stage} has no value for it; "
            f'write {missing[0]} = "…" under [stages.{stage}.environment] in {FILE_NAME}, or run '
            f"`webapp secrets set {missing[0]} --stage {stage}`"
        )


def _require_route_to_key(context: Context) -> None:
    """Raise UsageError if the web function on Lambda is to read the secret key and reaches no secret."""
    if context.runtime is not LAMBDA or _READS_KEY not in context.templates[LAMBDA.name].parameters:
        return
    has_way = context.has_data_api or context.value(NETWORK, "Egress") != "none"
    if context.value(LAMBDA, _READS_KEY) == "yes" and not has_way:
        raise UsageError(
            f"{_READS_KEY} = 'yes' with Egress = 'none' cuts the function off from the secret key; set Egress to "
            f"'endpoints' or 'nat' in {FILE_NAME} ({context.template_source.readme('foundation')} lists their prices), "
            f"or remove {_READS_KEY}"
        )


def _require_route_of_instances(context: Context) -> None:
    """Raise UsageError if Managed Instances, which send the function's log themselves, reach no service of AWS."""
    # With the Data API, Managed Instances are refused already.
    if is_managed(context) and context.value(NETWORK, "Egress") == "none":
        raise UsageError(
            f"{MANAGED_INSTANCES} = 'yes' with Egress = 'none' cuts the instances off from CloudWatch Logs; set Egress "
            f"to 'endpoints' or 'nat' in {FILE_NAME} ({context.template_source.readme('foundation')} lists their "
            f"prices), or remove {MANAGED_INSTANCES}"
        )


def _require_route_to_secrets(context: Context) -> None:
    """Raise UsageError if the operations function, which is in private subnets on every target, reaches no secret."""
    if context.has_data_api:
        # It is outside the network, and reaches every address.
        return
    egress = context.value(NETWORK, "Egress")
    stage = context.deployment.stage
    prices = f"({context.template_source.readme('foundation')} lists their prices)"
    if egress == "none":
        raise UsageError(
            f"[stages.{stage}.secrets] with Egress = 'none' cuts the functions on Lambda off from the secrets, the one "
            f"for management commands included; set Egress to 'endpoints' or 'nat' in {FILE_NAME} {prices}"
        )
    parameter = next((name for name, each in context.own_settings.secrets.items() if each.parameter), None)
    if egress == "endpoints" and parameter is not None:
        raise UsageError(
            f"[stages.{stage}.secrets] {parameter} is in Parameter Store, for which Egress = 'endpoints' has no "
            f"endpoint; run `webapp secrets set {parameter}` after removing it, or set Egress to 'nat' {prices}"
        )
