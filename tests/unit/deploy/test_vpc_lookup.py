"""The VPC of the subnets in Zappa's settings, and the table that `webapp init` writes for it."""

import json
from pathlib import Path

import boto3
import pytest

from django_runtimes.deploy.aws.network.vpc_lookup import vpc_at_hand
from django_runtimes.deploy.configuration import parse_configuration
from django_runtimes.deploy.verbs.init import plan_file
from moto import mock_aws

REGION = "eu-west-1"


@pytest.fixture
def subnets(monkeypatch: pytest.MonkeyPatch):
    """Two subnets of one VPC, and a third one of another VPC."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        client = boto3.client("ec2", region_name=REGION)
        vpcs = [client.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"] for _ in range(2)]
        places = [(vpcs[0], 1), (vpcs[0], 2), (vpcs[1], 3)]
        made = [
            client.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24")["Subnet"]["SubnetId"]
            for vpc, number in places
        ]
        yield vpcs[0], made


def test_the_vpc_of_subnets_is_found(subnets):
    vpc, (first, second, other) = subnets

    assert vpc_at_hand(REGION, [first, second]) == vpc
    assert vpc_at_hand(REGION, [first, other]) is None
    assert vpc_at_hand(REGION, ["subnet-0123"]) is None


def test_there_is_no_vpc_when_aws_cannot_be_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "nosuchprofile")

    assert vpc_at_hand(REGION, ["subnet-0123"]) is None


def test_init_writes_the_network_of_zappas_settings(subnets, tmp_path: Path):
    vpc, (first, second, _) = subnets
    settings = {"aws_region": REGION, "project_name": "shop", "vpc_config": {"SubnetIds": [first, second]}}
    (tmp_path / "zappa.json").write_text(json.dumps({"dev": settings}))

    planned = plan_file(["--yes", "--zappa", str(tmp_path / "zappa.json")])

    assert planned.content["stages"]["dev"]["network"] == {"vpc": vpc, "private_subnets": [first, second]}
    assert "AddressPrefix" not in planned.text
    assert parse_configuration(planned.content, tmp_path).stages["dev"].existing.has_network
