"""Computes which resources can reach each other through security groups, routes and endpoints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from tests.deploy.templates.analysis.stacks import Deployment, Resource

WORLD = "0.0.0.0/0"
# A security group that opens no connections has one rule, with this destination: the machine itself.
_LOOPBACK = "127.0.0.1/32"
_ALL_PORTS = (0, 65535)

# The properties that contain a resource's security groups and subnets.
_PLACES = {
    "AWS::AppRunner::VpcConnector": ("SecurityGroups", "Subnets"),
    "AWS::EC2::VPCEndpoint": ("SecurityGroupIds", "SubnetIds"),
    "AWS::ECS::ExpressGatewayService": ("NetworkConfiguration.SecurityGroups", "NetworkConfiguration.Subnets"),
    "AWS::ECS::Service": (
        "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
        "NetworkConfiguration.AwsvpcConfiguration.Subnets",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("SecurityGroups", "Subnets"),
    "AWS::Lambda::Function": ("VpcConfig.SecurityGroupIds", "VpcConfig.SubnetIds"),
    "AWS::RDS::DBCluster": ("VpcSecurityGroupIds", "DBSubnetGroupName"),
    "AWS::RDS::DBInstance": ("VPCSecurityGroups", "DBSubnetGroupName"),
    "AWS::RDS::DBProxy": ("VpcSecurityGroupIds", "VpcSubnetIds"),
    "AWS::SecretsManager::RotationSchedule": (
        "HostedRotationLambda.VpcSecurityGroupIds",
        "HostedRotationLambda.VpcSubnetIds",
    ),
}


@dataclass(frozen=True)
class Place:
    """A resource with its security groups and subnets."""

    resource: Resource
    groups: frozenset[str]
    subnets: frozenset[str]

    def __str__(self) -> str:
        return f"{self.resource.stack} {self.resource.name}"


@dataclass(frozen=True)
class Path:
    """TCP connections from source to destination on a range of ports; each end is a place or the world."""

    source: str
    destination: str
    first_port: int
    last_port: int


@dataclass(frozen=True)
class _Rule:
    group: str
    peer: str
    ports: tuple[int, int]


def places(deployment: Deployment) -> list[Place]:
    """Return all resources in the network, without a cluster's instances, which share the cluster's place."""
    subnets = {_identity(each): each.properties["SubnetIds"] for each in deployment.of_type("AWS::RDS::DBSubnetGroup")}
    return [
        Place(
            resource,
            frozenset(_names(resource, _PLACES[resource.type][0])),
            frozenset(
                subnet for name in _names(resource, _PLACES[resource.type][1]) for subnet in subnets.get(name, [name])
            ),
        )
        for resource in deployment.of_type(*_PLACES)
        if not _is_writer(resource) and resource.properties.get("VpcEndpointType") != "Gateway"
    ]


def paths(deployment: Deployment) -> set[Path]:
    """Return all paths that the security groups allow at both ends; the world has no groups."""
    outward, inward = list(_outward(deployment)), list(_inward(deployment))
    groups = {str(place): place.groups for place in places(deployment)}
    found = set()
    for source, own in groups.items():
        leaving = [rule for rule in outward if rule.group in own]
        found |= {Path(source, WORLD, *rule.ports) for rule in leaving if rule.peer == WORLD}
        for destination, others in groups.items():
            arriving = [rule for rule in inward if rule.group in others]
            found |= {
                Path(source, destination, first, last)
                for left in leaving
                for arrived in arriving
                if left.peer in {*others, WORLD} and arrived.peer in {*own, WORLD}
                if (first := max(left.ports[0], arrived.ports[0])) <= (last := min(left.ports[1], arrived.ports[1]))
            }
    for destination, others in groups.items():
        found |= {
            Path(WORLD, destination, *rule.ports) for rule in inward if rule.group in others and rule.peer == WORLD
        }
    return found


def mismatched_rules(deployment: Deployment) -> set[tuple[str, str]]:
    """Return the pairs of groups whose rules disagree: a rule is missing at one end, or wider than at the other."""
    outward, inward = list(_outward(deployment)), list(_inward(deployment))
    leaving = {(rule.group, rule.peer, rule.ports) for rule in outward}
    arriving = {(rule.peer, rule.group, rule.ports) for rule in inward}
    to_everybody = {(group, ports) for group, peer, ports in leaving if peer == WORLD}
    return {
        (source, destination)
        for source, destination, ports in leaving ^ arriving
        if WORLD not in {source, destination} and destination != _LOOPBACK and (source, ports) not in to_everybody
    }


def is_public(deployment: Deployment, subnet: str) -> bool:
    """Return whether the subnet's default route is the internet gateway."""
    attached = {each.properties["InternetGatewayId"] for each in deployment.of_type("AWS::EC2::VPCGatewayAttachment")}
    return any(route.properties.get("GatewayId") in attached for route in _defaults(deployment, subnet))


def has_nat(deployment: Deployment, subnet: str) -> bool:
    """Return whether the subnet's default route is a NAT gateway in a public subnet."""
    nats = {_identity(nat): nat.properties["SubnetId"] for nat in deployment.of_type("AWS::EC2::NatGateway")}
    return any(
        is_public(deployment, nats[route.properties["NatGatewayId"]])
        for route in _defaults(deployment, subnet)
        if "NatGatewayId" in route.properties
    )


def zones(deployment: Deployment, subnets: frozenset[str]) -> set[str]:
    """Return the subnets' availability zones."""
    known = {_identity(subnet): subnet for subnet in deployment.of_type("AWS::EC2::Subnet")}
    return {known[subnet].properties["AvailabilityZone"] for subnet in subnets}


def services_by_endpoint(deployment: Deployment, place: Place) -> set[str]:
    """Return the AWS services that the place reaches through endpoints, by the endpoints' names."""
    open_paths = {
        (path.source, path.destination) for path in paths(deployment) if path.first_port <= 443 <= path.last_port
    }
    at = {str(each) for each in places(deployment) if (str(place), str(each)) in open_paths}
    found = set()
    for endpoint in deployment.of_type("AWS::EC2::VPCEndpoint"):
        properties = endpoint.properties
        if properties["VpcEndpointType"] == "Gateway":
            endpoint_tables = set(properties["RouteTableIds"])
            by_subnet = [_tables(deployment, subnet) for subnet in place.subnets]
            is_reached = (str(place), WORLD) in open_paths and all(
                tables and tables <= endpoint_tables for tables in by_subnet
            )
        else:
            # Only private DNS makes a service's usual host name resolve to the endpoint.
            is_reached = f"{endpoint.stack} {endpoint.name}" in at and properties["PrivateDnsEnabled"] is True
        if is_reached:
            found.add(properties["ServiceName"].removeprefix("com.amazonaws.us-east-1."))
    return found


def _outward(deployment: Deployment) -> Iterator[_Rule]:
    apart = [rule.properties["GroupId"] for rule in deployment.of_type("AWS::EC2::SecurityGroupEgress")]
    for group in deployment.of_type("AWS::EC2::SecurityGroup"):
        rules = group.properties.get("SecurityGroupEgress", [])
        if not rules and _identity(group) not in apart:
            # AWS adds a rule that allows everything to a group without outgoing rules.
            yield _Rule(_identity(group), WORLD, _ALL_PORTS)
        yield from (_rule(_identity(group), rule, "Destination") for rule in rules)
    for alone in deployment.of_type("AWS::EC2::SecurityGroupEgress"):
        yield _rule(alone.properties["GroupId"], alone.properties, "Destination")


def _inward(deployment: Deployment) -> Iterator[_Rule]:
    for group in deployment.of_type("AWS::EC2::SecurityGroup"):
        for rule in group.properties.get("SecurityGroupIngress", []):
            yield _rule(_identity(group), rule, "Source")
    for alone in deployment.of_type("AWS::EC2::SecurityGroupIngress"):
        yield _rule(alone.properties["GroupId"], alone.properties, "Source")


def _rule(group: str, properties: Mapping[str, Any], side: str) -> _Rule:
    peer = properties.get("CidrIp") or properties[f"{side}SecurityGroupId"]
    assert "/" not in peer or ":" in peer or peer in {WORLD, _LOOPBACK}, f"{group}: {peer}"
    if properties["IpProtocol"] == "-1":
        return _Rule(group, peer, _ALL_PORTS)
    assert properties["IpProtocol"] == "tcp", f"{group}: {properties['IpProtocol']}"
    return _Rule(group, peer, (int(properties["FromPort"]), int(properties["ToPort"])))


def _defaults(deployment: Deployment, subnet: str) -> list[Resource]:
    tables = _tables(deployment, subnet)
    return [
        route
        for route in deployment.of_type("AWS::EC2::Route")
        if route.properties["RouteTableId"] in tables and route.properties["DestinationCidrBlock"] == WORLD
    ]


def _tables(deployment: Deployment, subnet: str) -> set[str]:
    associations = deployment.of_type("AWS::EC2::SubnetRouteTableAssociation")
    return {each.properties["RouteTableId"] for each in associations if each.properties["SubnetId"] == subnet}


def _names(resource: Resource, path: str) -> list[str]:
    """Return the names at the path; the rotation function takes them as one comma-separated string."""
    value: Any = reduce(lambda part, key: part.get(key, {}), path.split("."), resource.properties)
    return value.split(",") if isinstance(value, str) else list(value)


def _identity(resource: Resource) -> str:
    return f"{resource.stack}:{resource.name}"


def _is_writer(resource: Resource) -> bool:
    return resource.type == "AWS::RDS::DBInstance" and "DBClusterIdentifier" in resource.properties
