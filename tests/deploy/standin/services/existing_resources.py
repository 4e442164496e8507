"""Implements the questions about resources that the account had before: networks, databases, snapshots.

A test writes each as AWS describes it. No stack owns them, but a stack's rules change the security groups.
"""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.account import subnets_of_stacks
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.state import Document, State
from tests.deploy.standin.world import ACCOUNT, World

# The kinds of documents, which are also those of the stacks' own databases and snapshots.
EXISTING_KINDS = (
    "existing vpc",
    "existing subnet",
    "existing route table",
    "existing endpoint",
    "existing security group",
    "network interface",
    "database Instance",
    "database Cluster",
    "database snapshot",
)
_VPC_FILTER, _SUBNET_FILTER = "vpc-id", "subnet-id"


def put_existing(state: State, region: str, kind: str, name: str, document: Document) -> None:
    """Add a resource, or replace it."""
    assert kind in EXISTING_KINDS, kind
    state.put(kind, f"{region}/{name}", document)


def existing_resources(state: State) -> dict[str, list[Document]]:
    """Return all resources by kind."""
    return {kind: state.all(kind) for kind in EXISTING_KINDS}


def change_group(state: State, region: str, group: str, rule: Document, *, add: bool) -> None:
    """Add an ingress rule to an existing security group, or remove it; other groups are only recorded."""
    key = f"{region}/{group}"
    found = state.get("existing security group", key)
    if found is None:
        return
    rules = [each for each in found["IpPermissions"] if each != rule]
    state.put("existing security group", key, {**found, "IpPermissions": rules + ([rule] if add else [])})


@operation("ec2", "DescribeVpcAttribute")
async def describe_vpc_attribute(world: World, call: Call) -> dict[str, Any]:
    name, attribute = call.parameters["VpcId"], call.parameters["Attribute"]
    vpc = world.state.get("existing vpc", f"{call.scope.region}/{name}")
    if vpc is None:
        raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{name}' does not exist")
    key = attribute[0].upper() + attribute[1:]
    return {"VpcId": name, key: {"Value": vpc[key]}}


@operation("ec2", "DescribeSubnets")
async def describe_subnets(world: World, call: Call) -> dict[str, Any]:
    wanted = _filtered(call, _SUBNET_FILTER)
    region = call.scope.region
    subnets = [*world.state.all("existing subnet", f"{region}/"), *subnets_of_stacks(world, region)]
    return {"Subnets": [{"OwnerId": ACCOUNT, **each} for each in subnets if each["SubnetId"] in wanted]}


@operation("ec2", "DescribeRouteTables")
async def describe_route_tables(world: World, call: Call) -> dict[str, Any]:
    return {"RouteTables": _in_vpc(world, call, "existing route table")}


@operation("ec2", "DescribeVpcEndpoints")
async def describe_vpc_endpoints(world: World, call: Call) -> dict[str, Any]:
    return {"VpcEndpoints": _in_vpc(world, call, "existing endpoint")}


@operation("ec2", "DescribeSecurityGroups")
async def describe_security_groups(world: World, call: Call) -> dict[str, Any]:
    found = []
    for name in call.parameters["GroupIds"]:
        group = world.state.get("existing security group", f"{call.scope.region}/{name}")
        if group is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
        found.append(group)
    return {"SecurityGroups": found}


def _in_vpc(world: World, call: Call, kind: str) -> list[Document]:
    wanted = _filtered(call, _VPC_FILTER)
    return [each for each in world.state.all(kind, f"{call.scope.region}/") if each["VpcId"] in wanted]


def _filtered(call: Call, name: str) -> list[str]:
    """Return the values of the call's only filter."""
    (only,) = call.parameters["Filters"]
    assert only["Name"] == name, only
    return list(only["Values"])
