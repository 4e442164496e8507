"""Implements EC2's operations on the network interfaces that functions leave behind."""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.world import World

_KIND = "network interface"


def leave_interface(world: World, region: str, function: str, groups: list[str]) -> None:
    """Leave an interface of a deleted function in its network, where Lambda still uses it for a while."""
    name = f"eni-{function}"
    world.state.put(_KIND, f"{region}/{name}", {"name": name, "function": function, "groups": groups, "looks": 0})


def interfaces_with_group(world: World, region: str, group: str) -> list[str]:
    """Return the names of the interfaces that have the security group."""
    return [each["name"] for each in world.state.all(_KIND, f"{region}/") if group in each["groups"]]


@operation("ec2", "DescribeNetworkInterfaces")
async def describe_network_interfaces(world: World, call: Call) -> dict[str, Any]:
    """Return the interfaces, each as in use at the first look and as available later, since Lambda lacks its role."""
    filters = {each["Name"]: each["Values"] for each in call.parameters.get("Filters", [])}
    found = []
    for interface in world.state.all(_KIND, f"{call.scope.region}/"):
        if not set(filters.get("group-id", interface["groups"])) & set(interface["groups"]):
            continue
        looked = {**interface, "looks": interface["looks"] + 1}
        world.state.put(_KIND, f"{call.scope.region}/{interface['name']}", looked)
        found.append(
            {
                "NetworkInterfaceId": interface["name"],
                "Description": f"AWS Lambda VPC ENI-{interface['function']}-1",
                "Status": _status(interface),
            }
        )
    return {"NetworkInterfaces": found}


@operation("ec2", "DeleteNetworkInterface")
async def delete_network_interface(world: World, call: Call) -> dict[str, Any]:
    key = f"{call.scope.region}/{call.parameters['NetworkInterfaceId']}"
    interface = world.state.get(_KIND, key)
    if interface is None:
        raise AwsError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{key}' does not exist")
    if _status({**interface, "looks": interface["looks"] - 1}) == "in-use":
        raise AwsError("InvalidParameterValue", f"Network interface '{interface['name']}' is currently in use.")
    world.state.delete(_KIND, key)
    return {}


def _status(interface: dict[str, Any]) -> str:
    return "in-use" if interface["looks"] < 1 else "available"
