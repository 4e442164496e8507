"""An existing network is compared with AWS before anything is created."""

import json
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.existing_account import DATABASE_TABLE, NETWORK_TABLE, PRIVATE, PUBLIC, Problems, Setup

pytestmark = pytest.mark.profile_free

TASK = """
[stages.dev.schedules.nightly]
command = "import_orders"
rate = "1 day"
task = true
"""


@pytest.mark.parametrize("target", ["aws_lambda", "aws_app_runner", "aws_ecs", "aws_ecs_express"])
def test_a_complete_network_and_database_have_no_problems(problems: Problems, cloud: StandIn, target: str):
    assert problems(NETWORK_TABLE + DATABASE_TABLE, target=target) == []


def change_subnet(name: str, **changes: Any) -> Setup:
    return lambda aws: account.add_subnet(aws, name, **{"zone": "a", **changes})


@pytest.mark.parametrize(
    ("setup", "parameters", "expected"),
    [
        (
            change_subnet(PRIVATE[1], zone="a"),
            {},
            "private_subnets are all in us-east-1a; name subnets in at least two availability zones",
        ),
        (
            change_subnet(PRIVATE[0], VpcId="vpc-0b2"),
            {},
            "subnet-0a1 is in vpc-0b2, not in vpc-0a1; name subnets of one",
        ),
        (change_subnet(PRIVATE[0], AvailableIpAddressCount=3), {}, "subnet-0a1 has 3 free addresses, and at least 8"),
        (change_subnet(PRIVATE[0], zone_id="use1-az3"), {}, "subnet-0a1 is in us-east-1a (use1-az3), which has no RDS"),
        (
            lambda aws: account.add_endpoint(aws, "s3", RouteTableIds=["rtb-public"]),
            {},
            "subnet-0a1 does not reach S3, which has the pictures; run `aws ec2 create-vpc-endpoint --vpc-id vpc-0a1 "
            "--service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-main --region us-east-1`",
        ),
        (
            lambda aws: account.add_route_table(aws, "rtb-public", []),
            {},
            "public_subnets: subnet-0c1 has no route to an internet gateway; name a public subnet",
        ),
        (
            lambda aws: None,
            {"Egress": "nat"},
            "with Egress = 'nat', subnet-0a1 needs a way out, but its default route leads to nothing, and vpc-0a1 has "
            "no endpoints for ecr.api, ecr.dkr, logs, secretsmanager; name subnets behind a NAT gateway",
        ),
        (
            lambda aws: account.add_route_table(aws, "rtb-main", PRIVATE, GatewayId="igw-1"),
            {"Egress": "nat"},
            "its default route leads to an internet gateway, which private addresses cannot use",
        ),
        (
            lambda aws: account.add_endpoint(aws, "logs", PrivateDnsEnabled=True),
            {"Egress": "endpoints"},
            "vpc-0a1 has endpoints for logs already, and a second one with the same name is impossible; set Egress to",
        ),
        (
            lambda aws: account.add_endpoint(aws, "email-smtp", PrivateDnsEnabled=True),
            {"Egress": "endpoints", "MailEndpoint": "yes", "EgressPorts": "587"},
            "vpc-0a1 has endpoints for email-smtp already, and a second one with the same name is impossible",
        ),
        (
            lambda aws: account.add_endpoint(aws, "email", PrivateDnsEnabled=True),
            {"Egress": "endpoints", "MailEndpoint": "api"},
            "vpc-0a1 has endpoints for email already, and a second one with the same name is impossible",
        ),
        (
            lambda aws: aws.put_existing(
                "existing vpc", account.VPC, {"EnableDnsSupport": False, "EnableDnsHostnames": True}
            ),
            {},
            "run `aws ec2 modify-vpc-attribute --vpc-id vpc-0a1 --enable-dns-support`",
        ),
    ],
)
def test_problems_of_the_network(
    problems: Problems, cloud: StandIn, setup: Setup, parameters: dict[str, str], expected: str
):
    setup(cloud)

    assert expected in " | ".join(problems(NETWORK_TABLE, **parameters))


def test_private_subnets_behind_a_nat_gateway_need_no_endpoints(problems: Problems, cloud: StandIn):
    account.add_endpoint(cloud, "s3", State="Deleted")
    account.add_route_table(cloud, "rtb-main", PRIVATE, NatGatewayId="nat-1")

    assert problems(NETWORK_TABLE, Egress="nat") == []


def test_private_subnets_with_the_vpcs_own_endpoints_need_no_nat_gateway(problems: Problems, cloud: StandIn):
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager"):
        account.add_endpoint(cloud, service, PrivateDnsEnabled=True)

    assert problems(NETWORK_TABLE, Egress="nat") == []


def test_routes_of_another_accounts_subnets_are_not_judged(problems: Problems, cloud: StandIn):
    for name, zone in zip(PRIVATE, "ab", strict=True):
        account.add_subnet(cloud, name, zone=zone, OwnerId="999999999999")
    account.add_endpoint(cloud, "s3", State="Deleted")

    assert problems(NETWORK_TABLE) == []


@pytest.mark.parametrize(
    ("table", "target", "expected"),
    [
        (
            NETWORK_TABLE.replace('"vpc-0a1"', '"vpc-0e9"'),
            "aws_lambda",
            "vpc = 'vpc-0e9' does not exist in account 123456789012, us-east-1; correct it",
        ),
        (
            NETWORK_TABLE.replace('"subnet-0a1"', '"subnet-0e9"'),
            "aws_lambda",
            "private_subnets: subnet-0e9 does not exist; `aws ec2 describe-subnets",
        ),
        (
            NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", ""),
            "aws_ecs",
            "has no public_subnets, which the load balancer of aws_ecs needs; name subnets in two zones",
        ),
        (
            NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", TASK),
            "aws_lambda",
            "has no public_subnets, which a schedule that runs as a task with Egress = 'none' needs; name subnets",
        ),
    ],
)
def test_ids_that_do_not_fit(problems: Problems, cloud: StandIn, table: str, target: str, expected: str):
    (problem,) = problems(table, target=target)

    assert expected in problem


@pytest.mark.parametrize("target", ["aws_lambda", "aws_app_runner"])
def test_only_ecs_needs_public_subnets(problems: Problems, cloud: StandIn, target: str):
    assert problems(NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", ""), target=target) == []
