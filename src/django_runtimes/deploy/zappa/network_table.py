"""Converts Zappa's `vpc_config` to the table of a stage's existing network."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def convert_network(
    value: object, stage: str, find_vpc: Callable[[Sequence[str]], str | None]
) -> tuple[dict[str, Any], list[str]]:
    """Return the table, empty if the stage gets a VPC of its own, and remarks; None stands for no setting."""
    # Functions of Zappa have no VPC by default.
    closed = (
        "vpc_config: the stage gets a VPC, from which the functions reach the database, S3 and DynamoDB, but unlike "
        "Zappa's not the internet; if they call other services, set "
        f'Egress = "nat" or Route = "data_api" in [stages.{stage}.parameters] (webapp docs deploy)'
    )
    if value is None:
        return {}, [closed]
    lists = value if isinstance(value, Mapping) else {}
    subnets, groups = ([str(each) for each in lists.get(name) or []] for name in ("SubnetIds", "SecurityGroupIds"))
    if not subnets:
        return {}, [closed]
    unused = f"; {', '.join(groups)} are not used: the templates create security groups" if groups else ""
    vpc = find_vpc(subnets)
    if vpc is None:
        return {}, [
            "vpc_config: AWS did not say which VPC its subnets are in, so the stage gets a VPC of its own; to use "
            f"theirs instead, write before the first deploy [stages.{stage}.network] with private_subnets = "
            f"{json.dumps(subnets)} and vpc, which `aws ec2 describe-subnets --subnet-ids {subnets[0]} --query "
            f"Subnets[0].VpcId` prints{unused}"
        ]
    return {"vpc": vpc, "private_subnets": subnets}, [
        f"vpc_config: the stage runs in {vpc}; set Egress in [stages.{stage}.parameters] to the way out of its "
        f'subnets, such as "nat" (webapp docs deploy){unused}'
    ]
