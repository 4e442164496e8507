"""Frees the network interfaces of functions, without which their network cannot be deleted."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code

# Lambda writes this at the start of the description of each of its interfaces.
_DESCRIPTION = "AWS Lambda VPC ENI*"
# Lambda takes up to 40 minutes.
_TIMEOUT_S = 45 * 60.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0


def delete_functions(aws: Aws, names: Iterable[str]) -> None:
    """Delete the functions that exist, while their roles still do: Lambda frees the interfaces with these."""
    client = aws.client("lambda")
    for name in names:
        try:
            client.delete_function(FunctionName=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise


def free_interfaces(aws: Aws, progress: Progress, security_group: str) -> None:
    """Wait until no interface of Lambda has the security group, and delete those that Lambda has only detached.

    Raise ToolError if Lambda does not let go of one.
    """
    client = aws.client("ec2")
    deadline = time.monotonic() + _TIMEOUT_S
    pause_s = _FIRST_PAUSE_S
    found = list(interfaces_of_functions(client, security_group))
    if found:
        progress.say(f"  Lambda frees the network interfaces of its functions ({len(found)}), in up to 40 minutes")
    with progress.waiting("network interfaces …"):
        while found:
            for interface in found:
                if interface["Status"] == "available":
                    _delete(client, interface["NetworkInterfaceId"])
            if time.monotonic() > deadline:
                names = ", ".join(interface["NetworkInterfaceId"] for interface in found)
                raise ToolError(
                    f"Lambda still uses the network interfaces {names} with {security_group}; run this again later"
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
            found = list(interfaces_of_functions(client, security_group))


def interfaces_of_functions(client: Any, security_group: str) -> Iterator[Mapping[str, Any]]:
    """Yield Lambda's network interfaces that have the security group; `client` is one of EC2."""
    # An existing network may have the functions of others, which have other groups.
    filters = [{"Name": "group-id", "Values": [security_group]}, {"Name": "description", "Values": [_DESCRIPTION]}]
    for page in client.get_paginator("describe_network_interfaces").paginate(Filters=filters):
        yield from page["NetworkInterfaces"]


def functions_with_group(client: Any, security_group: str) -> list[str]:
    """Return the names of the functions that have the security group; `client` is one of Lambda."""
    pages = client.get_paginator("list_functions").paginate()
    return sorted(
        function["FunctionName"]
        for page in pages
        for function in page["Functions"]
        if security_group in function.get("VpcConfig", {}).get("SecurityGroupIds", ())
    )


def _delete(client: Any, interface: str) -> None:
    try:
        client.delete_network_interface(NetworkInterfaceId=interface)
    except ClientError as error:
        # Lambda may have deleted it, or may use it again.
        if error_code(error) not in {"InvalidNetworkInterfaceID.NotFound", "InvalidParameterValue"}:
            raise
