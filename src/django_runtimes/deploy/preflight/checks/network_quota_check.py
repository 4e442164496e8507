"""The quotas of VPCs and addresses, and addresses that two networks share."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import NETWORK
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good
from django_runtimes.deploy.steps.network_zones import chooses_zones

# Service Quotas' codes.
_VPCS = ("vpc", "L-F678F1CE", "VPCs per Region")
_ADDRESSES = ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs")


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if NETWORK not in stage.new or not chooses_zones(stage.context):
        return
    context = stage.context
    client = context.aws.brief_client("ec2")
    quotas = context.aws.brief_client("service-quotas")
    vpcs = [vpc for page in client.get_paginator("describe_vpcs").paginate() for vpc in page["Vpcs"]]
    network = f"{context.value(NETWORK, 'AddressPrefix')}.0.0/16"
    same = [vpc["VpcId"] for vpc in vpcs if vpc["CidrBlock"] == network]
    if same:
        yield doubtful(
            f"{same[0]} has the addresses {network} too, so the two networks could never be peered",
            "set another AddressPrefix, which cannot change later",
        )
    yield _compare("VPCs", len(vpcs), _quota(quotas, _VPCS), _VPCS, "delete a VPC that is no longer used")
    if context.value(NETWORK, "Egress") == "nat":
        addresses = client.describe_addresses()["Addresses"]
        remedy = "release an address that is no longer used"
        yield _compare("Elastic IPs", len(addresses), _quota(quotas, _ADDRESSES), _ADDRESSES, remedy)


def _compare(things: str, count: int, quota: int, code: tuple[str, str, str], remedy: str) -> PreflightAnswer:
    text = f"{count} of {quota} {things} exist in the region"
    if count < quota:
        return good(f"{text}; the network needs one more")
    return bad(f"{text}, and the network needs one more", f'request more (Service Quotas, "{code[2]}"), or {remedy}')


def _quota(client: Any, code: tuple[str, str, str]) -> int:
    """Return the account's quota, or AWS's default if the account never had another one."""
    asked = {"ServiceCode": code[0], "QuotaCode": code[1]}
    try:
        answer = client.get_service_quota(**asked)
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        answer = client.get_aws_default_service_quota(**asked)
    return int(answer["Quota"]["Value"])


NETWORKS = PreflightCheck(
    "the quota of VPCs",
    (
        "ec2:DescribeAddresses",
        "ec2:DescribeVpcs",
        "servicequotas:GetAWSDefaultServiceQuota",
        "servicequotas:GetServiceQuota",
    ),
    _ask,
)
