"""Reads an existing VPC from AWS: its subnets, routes and endpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code

_ANYWHERE = "0.0.0.0/0"
_ABSENT = {"InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "InvalidVpcId.Malformed"}


@dataclass(frozen=True)
class VpcSubnet:
    """A subnet; `default_route` is the target of its route to the internet, or empty."""

    id: str
    vpc: str
    owner: str
    zone: str
    zone_id: str
    free_addresses: int
    route_table: str = ""
    default_route: str = ""

    @property
    def is_public(self) -> bool:
        """Whether addresses of the internet reach it."""
        return self.default_route.startswith("igw-")


@dataclass(frozen=True)
class Vpc:
    """A VPC; `subnets` are those asked for, by ID, also of other VPCs."""

    id: str
    resolves_names: bool
    names_hosts: bool
    subnets: Mapping[str, VpcSubnet]
    # The names of services, such as s3 and ecr.api, whose usual host names lead to an endpoint in the VPC.
    interface_endpoints: frozenset[str]
    # The services that each route table reaches through a gateway endpoint.
    gateway_endpoints: Mapping[str, frozenset[str]]

    def reaches_by_endpoint(self, subnet: VpcSubnet, service: str) -> bool:
        """Return whether the subnet reaches the service without a route to the internet."""
        return service in self.interface_endpoints or service in self.gateway_endpoints.get(
            subnet.route_table, frozenset()
        )


def read_vpc(aws: Aws, vpc: str, subnets: Sequence[str]) -> Vpc | None:
    """Return the VPC, or None if the account has none with this ID in the region."""
    client = aws.brief_client("ec2")
    try:
        names_hosts = _attribute(client, vpc, "enableDnsHostnames")
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return None
        raise
    endpoints = _pages(client, "describe_vpc_endpoints", "VpcEndpoints", vpc)
    usable = [each for each in endpoints if each["State"].lower() == "available"]
    gateways: dict[str, frozenset[str]] = {}
    for each in usable:
        for table in each.get("RouteTableIds", ()):
            gateways[table] = gateways.get(table, frozenset()) | {_service(aws, each)}
    return Vpc(
        vpc,
        resolves_names=_attribute(client, vpc, "enableDnsSupport"),
        names_hosts=names_hosts,
        subnets=_subnets(client, vpc, subnets),
        interface_endpoints=frozenset(_service(aws, each) for each in usable if each.get("PrivateDnsEnabled")),
        gateway_endpoints=gateways,
    )


def _attribute(client: Any, vpc: str, name: str) -> bool:
    answer = client.describe_vpc_attribute(VpcId=vpc, Attribute=name)
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def _subnets(client: Any, vpc: str, wanted: Sequence[str]) -> dict[str, VpcSubnet]:
    # With a filter AWS leaves out unknown IDs, where SubnetIds would make the call fail at the first of them.
    filters = [{"Name": "subnet-id", "Values": sorted(set(wanted))}]
    described = [
        each for page in client.get_paginator("describe_subnets").paginate(Filters=filters) for each in page["Subnets"]
    ]
    tables = _pages(client, "describe_route_tables", "RouteTables", vpc)
    main: Mapping[str, Any] = next((table for table in tables if _is_main(table)), {})
    by_subnet = {link.get("SubnetId"): table for table in tables for link in table.get("Associations", ())}
    return {
        each["SubnetId"]: VpcSubnet(
            each["SubnetId"],
            each["VpcId"],
            each["OwnerId"],
            each["AvailabilityZone"],
            each["AvailabilityZoneId"],
            each["AvailableIpAddressCount"],
            # A subnet without a table of its own uses the main one.
            (table := by_subnet.get(each["SubnetId"], main)).get("RouteTableId", ""),
            _default_route(table),
        )
        for each in described
    }


def _is_main(table: Mapping[str, Any]) -> bool:
    return any(link.get("Main") for link in table.get("Associations", ()))


def _default_route(table: Mapping[str, Any]) -> str:
    for route in table.get("Routes", ()):
        if route.get("DestinationCidrBlock") == _ANYWHERE and route.get("State") == "active":
            targets = (value for name, value in route.items() if name.endswith("Id") and isinstance(value, str))
            return next(targets, "")
    return ""


def _service(aws: Aws, endpoint: Mapping[str, Any]) -> str:
    """Return the short name of an endpoint's service: ecr.api of com.amazonaws.eu-central-1.ecr.api."""
    return str(endpoint["ServiceName"]).partition(f".{aws.region}.")[2]


def _pages(client: Any, operation: str, key: str, vpc: str) -> list[Mapping[str, Any]]:
    pages = client.get_paginator(operation).paginate(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return [each for page in pages for each in page[key]]
