"""The endpoints of Egress=endpoints are possible only in some zones."""

import pytest

from django_runtimes.deploy.catalogue import NETWORK
from django_runtimes.deploy.preflight.checks.endpoint_check import ENDPOINT_ZONES
from django_runtimes.deploy.steps.stack import bring_up
from tests.deploy.preflight.conftest import shown
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs import existing_account as account

pytestmark = pytest.mark.profile_free

ZONES = {"us-east-1a": "use1-az1", "us-east-1b": "use1-az2", "us-east-1c": "use1-az4"}
MAIL = {"Egress": "endpoints", "MailEndpoint": True, "EgressPorts": "587"}
SERVICE = "com.amazonaws.us-east-1.email-smtp"


def test_a_network_without_endpoints_is_not_asked_about(aws: StandIn, ask):
    aws.account(endpoint_zones={"ecr.api": []})

    assert ask(ENDPOINT_ZONES) == []
    assert ask(ENDPOINT_ZONES, Egress="nat") == []


def test_zones_with_all_endpoints_pass(ask):
    assert ask(ENDPOINT_ZONES, Egress="endpoints") == [("good", "the network's zones have all 4 endpoints", "")]
    assert ask(ENDPOINT_ZONES, **MAIL) == [("good", "the network's zones have all 5 endpoints", "")]
    by_api = {"Egress": "endpoints", "MailEndpoint": "api"}
    assert ask(ENDPOINT_ZONES, **by_api) == [("good", "the network's zones have all 5 endpoints", "")]


def test_zones_with_the_missing_endpoint_are_named(aws: StandIn, ask):
    aws.account(zones=ZONES, endpoint_zones={"email-smtp": ["us-east-1b", "us-east-1c"]})

    assert ask(ENDPOINT_ZONES, Egress="endpoints") == [("good", "the network's zones have all 4 endpoints", "")]
    assert ask(ENDPOINT_ZONES, **MAIL) == [
        (
            "bad",
            f"us-east-1a (use1-az1) has no endpoint for {SERVICE}, which the stack 'endpoints' creates",
            "set ZoneA and ZoneB to two of us-east-1b, us-east-1c, or set MailEndpoint to 'no' or Egress to 'nat', in "
            "webapp.toml",
        )
    ]
    good = ask(ENDPOINT_ZONES, **MAIL, ZoneA="us-east-1b", ZoneB="us-east-1c")
    assert good == [("good", "the network's zones have all 5 endpoints", "")]


def test_a_region_without_the_service_needs_another_way_out(aws: StandIn, ask):
    aws.account(zones=ZONES, endpoint_zones={"ecr.api": []})

    answers = ask(ENDPOINT_ZONES, Egress="endpoints")

    assert [answer[:2] for answer in answers] == [
        ("bad", f"{zone} has no endpoint for com.amazonaws.us-east-1.ecr.api, which the stack 'endpoints' creates")
        for zone in ("us-east-1a (use1-az1)", "us-east-1b (use1-az2)")
    ]
    assert answers[0][2] == "set Egress to 'nat', or choose another region, in webapp.toml"


def test_the_subnets_of_an_existing_network_need_the_endpoints(aws: StandIn, ask):
    account.add_network(aws)
    aws.account(endpoint_zones={"logs": ["us-east-1b"]})
    network = {"vpc": account.VPC, "private_subnets": account.PRIVATE}

    ((outlook, text, remedy),) = ask(ENDPOINT_ZONES, Egress="endpoints", tables={"network": network})

    assert outlook == "bad"
    assert text.startswith("us-east-1a (use1-az1) has no endpoint for com.amazonaws.us-east-1.logs")
    assert remedy == "set Egress to 'nat' in webapp.toml"


def test_the_zones_of_a_deployed_network_need_the_endpoints(aws: StandIn, plan):
    """This test creates a network, so it comes last in its module."""
    aws.account(zones=ZONES)
    bring_up(plan(Egress="endpoints").context, NETWORK)
    assert shown(plan(Egress="endpoints"), ENDPOINT_ZONES)[0][0] == "good"

    aws.account(endpoint_zones={"email-smtp": ["us-east-1b", "us-east-1c"]})

    assert shown(plan(**MAIL), ENDPOINT_ZONES) == [
        (
            "bad",
            f"us-east-1a (use1-az1) has no endpoint for {SERVICE}, which the stack 'endpoints' creates",
            "set MailEndpoint to 'no' or Egress to 'nat' in webapp.toml",
        )
    ]
