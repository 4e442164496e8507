"""Finds the VPC of subnets, for `webapp init`, which converts a file that names only the subnets."""

from collections.abc import Sequence

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Without an answer, the user is told how to find the VPC.
_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})


def vpc_at_hand(region: str, subnets: Sequence[str]) -> str | None:
    """Return the VPC of all these subnets, or None without an answer, or if they are in several VPCs."""
    try:
        client = boto3.session.Session(region_name=region).client("ec2", config=_CONFIG)
        found = client.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    except (BotoCoreError, ClientError, OSError, ValueError):
        # botocore raises the last two for invalid files and endpoints; the verbs report them.
        return None
    vpcs = {each["VpcId"] for each in found}
    return vpcs.pop() if len(vpcs) == 1 else None
