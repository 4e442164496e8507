"""The quotas of VPCs and addresses, and addresses that two networks share."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import NETWORK
from django_runtimes.deploy.preflight.checks.quotas.service_quota import QUOTA_ACTIONS, ServiceQuota, quota_of
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good
from django_runtimes.deploy.steps.network_zones import chooses_zones

_VPCS = ServiceQuota("vpc", "L-F678F1CE", "VPCs per Region")
_ADDRESSES = ServiceQuota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs")


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if NETWORK not in stage.new or not chooses_zones(stage.context):
        return
    context = stage.context
    client = context.aws.brief_client("ec2")
    vpcs = [vpc for page in client.get_paginator("describe_vpcs").paginate() for vpc in page["Vpcs"]]
    network = f"{context.value(NETWORK, 'AddressPrefix')}.0.0/16"
    same = [vpc["VpcId"] for vpc in vpcs if vpc["CidrBlock"] == network]
    if same:
        yield doubtful(
            f"{same[0]} has the addresses {network} too, so the two networks could never be peered",
            "set another AddressPrefix, which cannot change later",
        )
    yield _compare("VPCs", len(vpcs), quota_of(context.aws, _VPCS), _VPCS, "delete a VPC that is no longer used")
    if context.value(NETWORK, "Egress") == "nat":
        addresses = client.describe_addresses()["Addresses"]
        remedy = "release an address that is no longer used"
        yield _compare("Elastic IPs", len(addresses), quota_of(context.aws, _ADDRESSES), _ADDRESSES, remedy)


def _compare(things: str, count: int, quota: int, asked: ServiceQuota, remedy: str) -> PreflightAnswer:
    text = f"{count} of {quota} {things} exist in the region"
    if count < quota:
        return good(f"{text}; the network needs one more")
    return bad(f"{text}, and the network needs one more", f'request more (Service Quotas, "{asked.name}"), or {remedy}')


NETWORKS = PreflightCheck(
    "the quota of VPCs",
    (
        "ec2:DescribeAddresses",
        "ec2:DescribeVpcs",
        *QUOTA_ACTIONS,
    ),
    _ask,
)
