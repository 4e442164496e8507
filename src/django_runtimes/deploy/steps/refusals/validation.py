"""Validates every parameter before creating or changing anything."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import NETWORK, OPERATIONS, SECURITY_GROUPS
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.network_zones import ZONE_PARAMETERS, chooses_zones
from django_runtimes.deploy.steps.refusals.fixed_parameters import refuse_fixed_changes, refuse_other_system
from django_runtimes.deploy.steps.refusals.own_settings_check import check_own_variables
from django_runtimes.deploy.steps.refusals.route_validation import validate_route
from django_runtimes.deploy.steps.refusals.trusted_regions import refuse_untrusted_region


def validate_parameters(context: Context) -> None:
    """Raise UsageError for parameters that a stack rejects, that contradict each other or that cannot be changed.

    The same holds for the stage's own variables and secrets.
    """
    refuse_untrusted_region(context)
    refuse_other_system(context)
    check_own_variables(context)
    for stack in (
        *context.foundation,
        OPERATIONS,
        *context.tasks,
        *context.rotation,
        context.runtime,
        *context.schedules,
    ):
        context.parameters(stack)
    wanted = context.value(OPERATIONS, "Architecture")
    if wanted != context.architecture:
        raise UsageError(
            f"Architecture = '{wanted}' is not available on {context.deployment.target}, which has only "
            f"{context.architecture}; remove it from [parameters] and [stages.{context.deployment.stage}.parameters]"
        )
    validate_route(context)
    _refuse_repeated_ports(context)
    _refuse_half_chosen_zones(context)
    refuse_fixed_changes(context)


def _refuse_repeated_ports(context: Context) -> None:
    value = context.value(SECURITY_GROUPS, "EgressPorts")
    ports = value.split(",")
    for port in ports:
        if port == "443" or ports.count(port) > 1:
            raise UsageError(
                f"EgressPorts = '{value}' opens port {port} twice, which AWS refuses, and 443 is always open; "
                f"remove it in {FILE_NAME}"
            )


def _refuse_half_chosen_zones(context: Context) -> None:
    if not chooses_zones(context):
        return
    zones = [context.value(NETWORK, name) for name in ZONE_PARAMETERS]
    if len({*zones} - {""}) == 1:
        raise UsageError(
            f"ZoneA = '{zones[0]}' and ZoneB = '{zones[1]}' are not two different zones; set both in {FILE_NAME}, or "
            "neither, and the verb chooses them"
        )
