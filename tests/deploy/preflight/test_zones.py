"""A new network gets zones that have every service, and an existing one keeps its zones."""

from dataclasses import replace

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import NETWORK
from django_runtimes.deploy.preflight.checks.zone_check import ZONES
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.steps.network_zones import zone_parameters
from django_runtimes.deploy.steps.refusals.fixed_parameters import refuse_fixed_changes
from django_runtimes.deploy.steps.refusals.validation import validate_parameters
from django_runtimes.deploy.steps.stack import bring_up
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

FIRST_UNSUITABLE = {"us-east-1a": "use1-az3", "us-east-1b": "use1-az1", "us-east-1c": "use1-az2"}


def existing(stage: PlannedStage, **parameters: str) -> PlannedStage:
    """Return the stage with a network that was created with these parameters."""
    network = StackState("guestbook-dev-network", "id", "CREATE_COMPLETE", parameters)
    return replace(stage, states={**stage.states, NETWORK: network})


def test_a_new_network_avoids_the_zone_without_rds_proxy(aws: StandIn, plan, ask):
    aws.account(zones=FIRST_UNSUITABLE)
    stage = plan()

    assert zone_parameters(stage.context, stage.states[NETWORK]) == {"ZoneA": "us-east-1b", "ZoneB": "us-east-1c"}
    assert ask(ZONES) == [("good", "the network will be in us-east-1b (use1-az1) and us-east-1c (use1-az2)", "")]


def test_chosen_zones_without_rds_proxy_are_refused_for_lambda(aws: StandIn, ask):
    aws.account(zones=FIRST_UNSUITABLE)
    place = "the network will be in us-east-1a (use1-az3) and us-east-1b (use1-az1)"
    zones = {"ZoneA": "us-east-1a", "ZoneB": "us-east-1b"}

    assert ask(ZONES, **zones) == [
        (
            "bad",
            f"{place}, but us-east-1a (use1-az3) has no RDS Proxy",
            "remove ZoneA and ZoneB, and the verb chooses others (webapp.toml)",
        )
    ]
    assert ask(ZONES, target="aws_ecs", **zones) == [("good", place, "")]


def test_chosen_zones_are_kept(plan):
    stage = plan(ZoneA="us-east-1c", ZoneB="us-east-1d")

    assert zone_parameters(stage.context, stage.states[NETWORK]) == {}


def test_an_unknown_zone_is_refused(aws: StandIn, ask):
    aws.account(zones=FIRST_UNSUITABLE)

    assert ask(ZONES, ZoneA="us-east-1a", ZoneB="us-east-1x") == [
        (
            "bad",
            "'us-east-1x' is not a zone of us-east-1 that this account may use",
            "choose from us-east-1a, us-east-1b, us-east-1c, or remove ZoneA and ZoneB from webapp.toml",
        )
    ]


def test_one_zone_is_not_enough(aws: StandIn, ask):
    aws.account(zones={"us-east-1a": "use1-az1"})

    assert ask(ZONES)[0][:2] == ("bad", "this account may use 1 zones of us-east-1, and the network needs two")


def test_two_different_zones_are_required(plan):
    for zones in ({"ZoneA": "us-east-1a"}, {"ZoneA": "us-east-1a", "ZoneB": "us-east-1a"}):
        with pytest.raises(UsageError, match=r"are not two different zones; set both in webapp\.toml, or neither"):
            validate_parameters(plan(**zones).context)


def test_an_existing_network_keeps_its_zones(aws: StandIn, plan):
    aws.account(zones=FIRST_UNSUITABLE)
    stage = plan()

    chosen = existing(stage, ZoneA="us-east-1a", ZoneB="us-east-1b").states[NETWORK]
    by_default = existing(stage, ZoneA="", ZoneB="").states[NETWORK]

    assert zone_parameters(stage.context, chosen) == {"ZoneA": "us-east-1a", "ZoneB": "us-east-1b"}
    assert zone_parameters(stage.context, by_default) == {}


def test_zones_stay_open_if_they_cannot_be_asked_for(aws: StandIn, plan):
    aws.deny("ec2:DescribeAvailabilityZones")
    stage = plan()

    assert zone_parameters(stage.context, stage.states[NETWORK]) == {}


def test_a_deployed_network_is_judged_by_its_subnets_and_does_not_change(aws: StandIn, plan, ask):
    """This test creates a network, so it comes last in its module."""
    aws.account(zones=FIRST_UNSUITABLE)
    zones = {"ZoneA": "us-east-1a", "ZoneB": "us-east-1b"}
    bring_up(plan(**zones, target="aws_ecs").context, NETWORK)

    later = plan()
    assert bring_up(later.context, NETWORK).action == "none"
    refuse_fixed_changes(later.context)
    assert ask(ZONES, target="aws_ecs") == []
    assert ask(ZONES) == [
        (
            "bad",
            "the network is in us-east-1a (use1-az3) and us-east-1b (use1-az1), but us-east-1a (use1-az3) has no RDS "
            "Proxy",
            "the zones of a network cannot change: deploy Lambda to another stage",
        )
    ]

    aws.account(zones={"us-east-1a": "use1-az1", "us-east-1b": "use1-az2"})
    text = "the network is in us-east-1a (use1-az1) and us-east-1b (use1-az2)"
    assert ask(ZONES) == [("good", text, "")]
