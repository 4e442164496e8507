"""Whether the network's zones have the endpoints of Egress=endpoints."""

from collections.abc import Iterator, Mapping

from django_runtimes.deploy.aws.network.zones import AvailabilityZone, zones_of_subnets
from django_runtimes.deploy.catalogue import ENDPOINTS, NETWORK
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.existing.network_check import MAIL_SERVICES
from django_runtimes.deploy.preflight.checks.zone_check import zones_of_new_network
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good
from django_runtimes.deploy.steps.network_zones import chooses_zones

_TYPE = "AWS::EC2::VPCEndpoint"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if ENDPOINTS not in stage.wanted:
        return
    zones = _zones(stage)
    if not zones:
        # The check of the zones reports the reason.
        return
    client = stage.context.aws.brief_client("ec2")
    services = list(_services(stage))
    filters = [{"Name": "service-name", "Values": services}]
    pages = client.get_paginator("describe_vpc_endpoint_services").paginate(Filters=filters)
    offered = {each["ServiceName"]: each["AvailabilityZones"] for page in pages for each in page["ServiceDetails"]}
    lacking = [(zone, name) for name in services for zone in zones if zone.name not in offered.get(name, ())]
    for zone, name in lacking:
        yield bad(f"{zone} has no endpoint for {name}, which the stack 'endpoints' creates", _remedy(stage, offered))
    if not lacking:
        yield good(f"the network's zones have all {len(services)} endpoints")


def _zones(stage: PlannedStage) -> list[AvailabilityZone]:
    """Return the zones of the private subnets; none if a new network will have no two zones."""
    context = stage.context
    if not chooses_zones(context):
        subnets = context.value(NETWORK, "PrivateSubnets")
    elif NETWORK in stage.new:
        return zones_of_new_network(stage)
    else:
        subnets = stage.states[NETWORK].outputs.get("PrivateSubnets", "")
    found = zones_of_subnets(context.aws.brief_client("ec2"), subnets.split(",")) if subnets else []
    return sorted(set(found), key=lambda zone: zone.name)


def _services(stage: PlannedStage) -> Iterator[str]:
    """Yield the names of the services for which the stack will have endpoints."""
    context = stage.context
    template = context.templates[ENDPOINTS.name]
    values = {name: context.value(ENDPOINTS, name) for name in template.parameters}
    values["AWS::Region"] = context.aws.region
    for resource in template.content["Resources"].values():
        if resource["Type"] == _TYPE and template.holds(resource.get("Condition"), values):
            name = template.text_of(
                resource["Properties"]["ServiceName"], {**values, "AWS::Region": context.aws.region}
            )
            if name is not None:
                yield name


def _remedy(stage: PlannedStage, offered: Mapping[str, list[str]]) -> str:
    mail = stage.context.value(ENDPOINTS, "MailEndpoint") in MAIL_SERVICES
    others = "set MailEndpoint to 'no' or Egress to 'nat'" if mail else "set Egress to 'nat'"
    if NETWORK not in stage.new or not chooses_zones(stage.context):
        return f"{others} in {FILE_NAME}"
    suitable = set.intersection(*(set(zones) for zones in offered.values())) if offered else set()
    if len(suitable) < 2:
        return f"{others}, or choose another region, in {FILE_NAME}"
    return f"set ZoneA and ZoneB to two of {', '.join(sorted(suitable))}, or {others}, in {FILE_NAME}"


ENDPOINT_ZONES = PreflightCheck(
    "the zones of the endpoints",
    ("ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpointServices"),
    _ask,
)
