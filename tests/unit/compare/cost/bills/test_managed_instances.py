"""Bills of Managed Instances, worked out by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.bills.bill import Bill, to_cent
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.usage.environment_size import placement_of
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage, assumed_usage
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from tests.unit.compare.cost.fixed_prices import PRICES

MANAGED = assumed_usage("aws_lambda+managed")
IDLE = Traffic.constant(Decimal(0))
HUNDRED = Traffic.constant(Decimal(100))


def usage(**values: Any) -> Usage:
    # A KEY with a list of choices has a text, every other one a number.
    return replace(MANAGED, **{key: type(getattr(MANAGED, key))(each) for key, each in values.items()})


def billing(**values: Any) -> ManagedBilling:
    return ManagedBilling("m", usage(**values), PRICES)


def usd(bill: Bill) -> dict[str, str]:
    return {term.name: str(to_cent(term.usd)) for term in bill.terms if term.usd}


def test_idle_instances_are_paid_for_the_whole_month():
    bill = billing().bill(IDLE)

    # Three m7i.large: 3 x 730 h x 0.1008 = 220.752, and 15 % of it: 33.1128. Together 253.8648.
    assert usd(bill) == {"EC2 instances": "220.75", "Managed Instances fee": "33.11"}
    assert str(bill.rounded_usd) == "253.86"
    assert bill.mark == "*"


def test_a_load_needs_more_instances_and_pays_its_requests():
    bill = billing().bill(HUNDRED)

    # An environment takes min(50, 4 / 0.05 s) x 0.65 = 32.5/s, so 100/s need 4, one on each m7i.large:
    # 4 x 730 h x 0.1008 = 294.336, and 15 %: 44.1504. 262.8e6 requests at 0.20 and 1.00 per million.
    # Logs: 262.8e6 x 0.75 KB = 187.97 GB. Responses: 262.8e6 x 20 KB = 5,012.51 GB. Seven metrics at 0.30.
    assert usd(bill) == {
        "EC2 instances": "294.34",
        "Managed Instances fee": "44.15",
        "Lambda requests": "52.56",
        "HTTP API": "262.80",
        "logs, received": "93.98",
        "logs, kept": "5.64",
        "custom metrics": "2.10",
        "data transfer out": "451.13",
    }


def test_the_duration_is_not_billed_while_processes_are_free():
    # 4 / 0.05 s and 4 / 0.07 s both exceed the capacity of 50/s.
    assert billing(duration_ms=50).bill(HUNDRED).usd == billing(duration_ms=70).bill(HUNDRED).usd


@pytest.mark.parametrize(
    ("values", "rate_rps", "instances"),
    [
        # 3 environments take 97.5/s.
        ({}, "97.5", 3),
        ({}, "97.500001", 4),
        # Requests of 0.4 s: 4 / 0.4 s x 0.65 = 6.5/s for each environment.
        ({"duration_ms": 400}, "100", 16),
        # With 8 processes 13/s.
        ({"duration_ms": 400, "processes": 8}, "100", 8),
        # Half of the requests stream for 10 s: 4 / 5.025 s x 0.65 = 0.517/s.
        ({"stream_share": "0.5"}, "1", 3),
        ({"stream_share": "0.5"}, "10", 20),
        # An m7i.xlarge holds 3 environments: 97.5/s.
        ({"instance_type": "m7i.xlarge", "min_instances": 1}, "97.5", 1),
        ({"instance_type": "m7i.xlarge", "min_instances": 1}, "98", 2),
        # An m7i.2xlarge holds 7 (31 of its 32 GB are free); 10 environments need two, 15 three.
        ({"instance_type": "m7i.2xlarge", "min_instances": 1, "min_environments": 10}, "0", 2),
        ({"instance_type": "m7i.2xlarge", "min_instances": 1, "min_environments": 15}, "0", 3),
        ({"min_instances": 5}, "0", 5),
        ({"utilization": 1}, "100", 3),
    ],
)
def test_the_number_of_instances(values: dict[str, Any], rate_rps: str, instances: int):
    assert billing(**values).instances(Decimal(rate_rps)) == instances


@pytest.mark.parametrize(
    ("values", "ec2_type", "environments"),
    [
        # One of the 2 vCPUs and 7 of the 8 GB are free for 1 vCPU and 4 GB.
        ({}, "m7i.large", 1),
        # 2 vCPU and 8 GB need 3 vCPU and 15 GB.
        ({"memory_mb": 8192}, "m7i.xlarge", 1),
        ({"memory_mb": 8192, "instance_type": "m7i.2xlarge"}, "m7i.2xlarge", 3),
        # 2 GB for each vCPU.
        ({"memory_mb": 2048, "gb_per_vcpu": "2"}, "c7i.large", 1),
        ({"memory_mb": 4096, "gb_per_vcpu": "2"}, "c7i.xlarge", 1),
        ({"memory_mb": 10240, "gb_per_vcpu": "2"}, "c7i.2xlarge", 1),
        # 8 GB for each vCPU.
        ({"memory_mb": 8192, "gb_per_vcpu": "8"}, "r7i.large", 1),
        # A measured memory may be no multiple: 6 GB have 2 vCPUs.
        ({"memory_mb": 6144}, "m7i.xlarge", 1),
        # Memory limits here: 7 GB hold one environment of 4 GB, though 3 vCPUs are free.
        ({"instance_type": "c7g.xlarge"}, "c7g.xlarge", 1),
        ({"instance_type": "r7g.xlarge"}, "r7g.xlarge", 3),
    ],
)
def test_the_instances_that_hold_the_environments(values: dict[str, Any], ec2_type: str, environments: int):
    placed = placement_of(usage(**values), PRICES)

    assert (placed.ec2_type.name, placed.environments) == (ec2_type, environments)


def test_a_type_that_holds_no_environment_is_an_error():
    with pytest.raises(UsageError) as raised:
        placement_of(usage(memory_mb=8192, instance_type="m7g.large"), PRICES)

    assert str(raised.value) == (
        "instance_type=m7g.large holds no execution environment of 2 vCPU and 8 GB beside the 1 vCPU and 1 GB that "
        "Lambda keeps; choose one of: c7i.2xlarge, m7i.xlarge, m7i.2xlarge, r7i.xlarge, r7i.2xlarge, c7g.2xlarge, "
        "m7g.xlarge, m7g.2xlarge, r7g.xlarge, r7g.2xlarge"
    )


def test_a_discount_does_not_reduce_lambdas_fee():
    bill = usd(billing(ec2_discount_percent=50).bill(IDLE))

    # Half of 220.752, and 15 % of the whole.
    assert bill == {"EC2 instances": "110.38", "Managed Instances fee": "33.11"}


def test_instances_follow_the_traffic_of_each_hour():
    hour = Decimal(3_600)
    day = Traffic.hourly("day", [100 * hour] * 12 + [Decimal(0)] * 12)

    # Half of 730 hours with four instances, and half with three: 2,555 h x 0.1008 = 257.544
    assert usd(billing().bill(day))["EC2 instances"] == "257.54"


def test_a_proxy_and_streams_are_billed_as_for_other_functions():
    function = ManagedBilling(
        "m", usage(stream_share="0.1", stream_mb=16), PRICES, front=FrontDoor.FUNCTION_URL, route="proxy"
    )

    bill = usd(function.bill(Traffic.constant(Decimal(1))))

    # 2 vCPU x 730 h x 0.015; 2.628e6 requests x 0.1 x 10 MB = 2,566.41 GB at 0.008
    assert bill["RDS Proxy"] == "21.90"
    assert bill["Lambda response streams"] == "20.53"
    assert "function URL" not in bill


def test_the_setup_names_what_the_bill_assumes():
    function = billing()

    assert function.setup == (
        "HTTP API, at least 3 m7i.large instances and 15 % for Lambda, execution environments of 4,096 MB, 1 vCPU and "
        "4 processes, capacity_rps=50 (set)"
    )
    assert function.brief_setup(HUNDRED) == "with 4 m7i.large instances behind an HTTP API"
    single = replace(billing(min_instances=1, min_environments=1), front=FrontDoor.FUNCTION_URL)
    assert single.brief_setup(IDLE) == "with 1 m7i.large instance by function URL"


def test_an_assumed_capacity_is_marked_at_rates_above_zero():
    function = replace(billing(), capacity_origin=ValueOrigin.ASSUMED)

    assert function.bill(IDLE).mark == "*"
    assert (function.bill(HUNDRED).mark, function.bill(HUNDRED).capacity_of) == ("*†", "an execution environment")


def test_every_step_is_exact_at_its_end():
    # 4 processes / 0.0737 s x 0.65 has no end in decimals.
    function = billing(duration_ms="73.7", capacity_rps=1_000_000, processes=4)
    (step, *_) = ends = list(function.breaks(Decimal(1_000)))

    assert len(ends) == 28
    for number, end in enumerate(ends, start=1):
        assert function.instances(end) == max(3, number)
        assert function.instances(end + step / 1_000) == max(3, number + 1)
