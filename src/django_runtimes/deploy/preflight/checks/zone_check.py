"""The availability zones of the network."""

from collections.abc import Iterator

from django_runtimes.deploy.aws.network.zones import (
    UNSUITABLE,
    AvailabilityZone,
    available_zones,
    choose_zones,
    zones_of_subnets,
)
from django_runtimes.deploy.catalogue import NETWORK, PROXY
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good
from django_runtimes.deploy.steps.network_zones import ZONE_PARAMETERS, chooses_zones


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if not chooses_zones(stage.context):
        # The checks of an existing network cover its zones.
        return
    if NETWORK in stage.new:
        yield from _new_network(stage)
    elif PROXY in stage.new and (subnets := stage.states[NETWORK].outputs.get("PrivateSubnets")):
        zones = zones_of_subnets(stage.context.aws.brief_client("ec2"), subnets.split(","))
        yield from _judge(
            stage, zones, "the network is", "the zones of a network cannot change: deploy Lambda to another stage"
        )


def zones_of_new_network(stage: PlannedStage) -> list[AvailabilityZone]:
    """Return the zones in which the deploy creates the network; none if webapp.toml names an unknown zone."""
    return _chosen(stage, available_zones(stage.context.aws.brief_client("ec2")))


def _chosen(stage: PlannedStage, zones: list[AvailabilityZone]) -> list[AvailabilityZone]:
    known = {zone.name: zone for zone in zones}
    named = _named(stage)
    if any(name not in known for name in named):
        return []
    return [known[name] for name in named] or list(choose_zones(zones))


def _named(stage: PlannedStage) -> list[str]:
    return [name for parameter in ZONE_PARAMETERS if (name := stage.context.value(NETWORK, parameter))]


def _new_network(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    region = stage.context.aws.region
    zones = available_zones(stage.context.aws.brief_client("ec2"))
    named, known = _named(stage), [zone.name for zone in zones]
    for name in named:
        if name not in known:
            yield bad(
                f"'{name}' is not a zone of {region} that this account may use",
                f"choose from {', '.join(known)}, or remove ZoneA and ZoneB from {FILE_NAME}",
            )
            return
    chosen = _chosen(stage, zones)
    if len(chosen) < 2:
        yield bad(
            f"this account may use {len(zones)} zones of {region}, and the network needs two",
            f"ask AWS Support for another zone, or choose another region in {FILE_NAME}",
        )
        return
    remedy = "remove ZoneA and ZoneB, and the verb chooses others" if named else "choose another region, or aws_ecs"
    yield from _judge(stage, chosen, "the network will be", f"{remedy} ({FILE_NAME})")


def _judge(stage: PlannedStage, zones: list[AvailabilityZone], verb: str, remedy: str) -> Iterator[PreflightAnswer]:
    place = f"{verb} in {' and '.join(str(zone) for zone in sorted(set(zones), key=lambda zone: zone.name))}"
    lacking = [zone for zone in zones if not zone.is_suitable]
    if lacking and PROXY in stage.wanted:
        yield bad(f"{place}, but {lacking[0]} has no {UNSUITABLE[lacking[0].id]}", remedy)
    else:
        yield good(place)


ZONES = PreflightCheck("the availability zones", ("ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets"), _ask)
