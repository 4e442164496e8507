"""Chooses the zones of a new network; those of an existing one never change."""

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.network.zones import available_zones, choose_zones
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import NETWORK
from django_runtimes.deploy.context import Context

ZONE_PARAMETERS = ("ZoneA", "ZoneB")


def chooses_zones(context: Context) -> bool:
    """Return whether the stage has a network of its own, and not one that exists already."""
    return set(ZONE_PARAMETERS) <= context.templates[NETWORK.name].parameters.keys()


def zone_parameters(context: Context, state: StackState) -> dict[str, str]:
    """Return the network's zones that webapp.toml leaves open.

    They are those of the existing network. A new network gets zones that have all services, or the template's default
    if the zones could not be asked, as the preflight has reported.
    """
    if not chooses_zones(context) or any(context.value(NETWORK, name) for name in ZONE_PARAMETERS):
        return {}
    if state.exists:
        return {name: value for name in ZONE_PARAMETERS if (value := state.parameters.get(name))}
    try:
        zones = choose_zones(available_zones(context.aws.client("ec2")))
    except ClientError:
        return {}
    return dict(zip(ZONE_PARAMETERS, (zone.name for zone in zones), strict=True)) if len(zones) == 2 else {}
