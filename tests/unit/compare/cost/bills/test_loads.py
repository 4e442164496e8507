"""Bills under load, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost.bills.bill import Bill, to_cent
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling, tasks
from django_runtimes.compare.cost.bills.database_bill import AuroraBilling, EgressBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.unit.compare.cost.fixed_prices import PRICES

TEN = Traffic.constant(Decimal(10))


def usd(bill: Bill) -> dict[str, str]:
    return {term.name: str(to_cent(term.usd)) for term in bill.terms if term.usd}


def test_a_function_behind_an_http_api_pays_every_term():
    function = LambdaBilling("f", replace(Usage(), memory_mb=Decimal(1_024)), PRICES, front=FrontDoor.HTTP_API)

    # 26.28 million requests of 50 ms, and 0.5 % of them with 1.5 s of initialization: 26.28e6 x 0.0575 GB-s
    assert usd(function.bill(TEN)) == {
        "Lambda requests": "5.26",
        "Lambda duration": "25.19",
        "HTTP API": "26.28",
        # 131,400 reads at 0.05 per 10,000
        "reads of secrets": "0.66",
        # 26.28e6 x 0.75 KB = 18.80 GB
        "logs, received": "9.40",
        "logs, kept": "0.56",
        "custom metrics": "3.00",
        # 26.28e6 x 20 KB = 501.25 GB
        "data transfer out": "45.11",
    }


def test_durations_cost_a_fifth_less_on_arm():
    x86 = LambdaBilling("f", replace(Usage(), memory_mb=Decimal(1_024)), PRICES)
    arm = LambdaBilling("f", replace(Usage(), memory_mb=Decimal(1_024), architecture="arm"), PRICES)

    assert usd(x86.bill(TEN))["Lambda duration"] == "25.19"
    assert usd(arm.bill(TEN))["Lambda duration"] == "20.15"


def test_snapstart_replaces_initialization_with_restores():
    usage = replace(Usage(), memory_mb=Decimal(1_024))

    bill = usd(LambdaBilling("f", usage, PRICES, has_snapstart=True).bill(TEN))

    # 26.28e6 x 0.05 GB-s; 2,628,000 GB-s of cache; 131,400 restores of 1 GB
    assert bill["Lambda duration"] == "21.90"
    assert bill["SnapStart cache"] == "3.95"
    assert bill["SnapStart restores"] == "18.37"


def test_requests_beyond_provisioned_concurrency_are_on_demand():
    usage = replace(Usage(), memory_mb=Decimal(1_024), duration_ms=Decimal(1_000), cold_start_share=Decimal(0))
    function = LambdaBilling("f", usage, PRICES, provisioned=Decimal(4))

    bill = usd(function.bill(TEN))

    # Of 10 concurrent requests 4 are provisioned: 4 x 2,628,000 GB-s at both prices, and 6 x 2,628,000 GB-s on demand.
    assert bill["Lambda provisioned concurrency"] == "43.80"
    assert bill["Lambda duration, provisioned"] == "102.20"
    assert bill["Lambda duration"] == "262.80"


def test_a_short_stream_is_rounded_up_to_a_whole_millisecond():
    usage = replace(
        Usage(), memory_mb=Decimal(1_024), cold_start_share=Decimal(0), stream_share=Decimal(1),
        stream_s=Decimal("0.0081"),
    )  # fmt: skip

    bill = usd(LambdaBilling("f", usage, PRICES).bill(TEN))

    # 26.28e6 x 0.009 s x 1 GB = 236,520 GB-s
    assert bill["Lambda duration"] == "3.94"


def test_a_streamed_response_bills_its_whole_duration():
    usage = replace(
        Usage(),
        memory_mb=Decimal(1_024),
        cold_start_share=Decimal(0),
        stream_share=Decimal("0.1"),
        stream_mb=Decimal(16),
    )

    bill = usd(LambdaBilling("f", usage, PRICES, front=FrontDoor.REST_API).bill(TEN))

    # 0.9 x 0.05 s + 0.1 x 10 s = 1.045 s; 10 MB of 16 are billed; a stream of 16 MB is metered as two requests.
    assert bill["Lambda duration"] == "457.71"
    assert bill["Lambda response streams"] == "205.31"
    assert bill["REST API"] == "101.18"


def test_a_duration_is_rounded_up_to_a_millisecond():
    one = LambdaBilling("f", replace(Usage(), duration_ms=Decimal(2)), PRICES).bill(TEN)
    other = LambdaBilling("f", replace(Usage(), duration_ms=Decimal("1.01")), PRICES).bill(TEN)

    assert one.usd == other.usd


@pytest.mark.parametrize(
    ("rate_rps", "expected"), [("0", 2), ("65", 2), ("65.0001", 3), ("97.5", 3), ("97.6", 4), ("1000", 31)]
)
def test_a_task_is_added_above_the_utilization_of_the_others(rate_rps: str, expected: int):
    # Each task takes 50 x 0.65 = 32.5 requests per second.
    assert tasks(Usage(), Decimal(rate_rps)) == expected


def test_the_number_of_tasks_follows_the_traffic_of_each_hour():
    hour = Decimal(3_600)
    day = Traffic.hourly("day", [100 * hour] * 12 + [Decimal(0)] * 12)

    bill = FargateBilling("s", replace(Usage(), task_memory_gb=Decimal(2)), PRICES).bill(day)

    # Four tasks run for half of the month, and two for the other half.
    assert bill.terms[0].quantity == Decimal(4 * 365 + 2 * 365)


@pytest.mark.parametrize(
    ("rate_rps", "instances", "active"),
    [("0", 1, "0"), ("0.01", 1, "0.6"), ("1", 1, "1"), ("32.5", 1, "1"), ("33", 2, "2"), ("100", 4, "4")],
)
def test_app_runner_adds_instances_as_the_rate_rises(rate_rps: str, instances: int, active: str):
    terms = AppRunnerBilling("a", Usage(), PRICES).bill(Traffic.constant(Decimal(rate_rps))).terms

    assert terms[0].quantity == 730 * 2 * instances
    assert terms[1].quantity == 730 * Decimal(active)


def test_the_concurrency_of_long_streams_determines_the_instances():
    # An instance serves 100 requests at once, each for 60 s, so it takes 1.67 requests per second.
    streaming = replace(Usage(), stream_share=Decimal(1), stream_s=Decimal(60), max_concurrency=Decimal(100))

    assert AppRunnerBilling("a", streaming, PRICES).instances(Decimal(5)) == 3


@pytest.mark.parametrize(("rate_rps", "acus"), [("1", "0.5"), ("25", "0.5"), ("26", "1.0"), ("1000", "20.0")])
def test_aurora_grows_in_steps_of_half_an_acu(rate_rps: str, acus: str):
    smallest = replace(Usage(), min_acu=Decimal("0.5"))

    assert AuroraBilling("d", smallest, PRICES).acus(Decimal(rate_rps)) == Decimal(acus)


def test_a_cluster_at_0_acu_is_awake_five_minutes_after_each_request():
    cluster = AuroraBilling("d", Usage(), PRICES, pauses=True)
    # With one request an hour, the cluster is awake for a twelfth of the time, with 0.5 ACU.
    bill = cluster.bill(Traffic.monthly(Decimal(730)))

    assert round(bill.terms[0].quantity, 6) == round(Decimal(730) / 12 / 2, 6)


def test_data_api_calls_are_metered_in_units_of_32_kb():
    usage = replace(Usage(), data_api_kb=Decimal(33))

    bill = usd(AuroraBilling("d", usage, PRICES, pauses=True, has_data_api=True).bill(TEN))

    # 26.28 million requests x 2 calls x 2 units
    assert bill["Data API"] == "36.79"


def test_data_costs_more_through_nat_than_through_endpoints():
    usage = replace(Usage(), egress_kb=Decimal(40))

    # 26.28e6 x 40 KB = 1,002.50 GB
    assert usd(EgressBilling("e", usage, PRICES, "nat").bill(TEN))["data through NAT"] == "45.11"
    assert usd(EgressBilling("e", usage, PRICES, "endpoints").bill(TEN))["data through endpoints"] == "10.03"


def test_the_free_tier_is_off_unless_it_is_switched_on():
    million = Traffic.monthly(Decimal(1_000_000))
    nothing = dict.fromkeys(("log_kb", "secrets", "custom_metrics"), Decimal(0))
    small = replace(Usage(), memory_mb=Decimal(1_024), response_kb=Decimal(10), **nothing)

    assert LambdaBilling("f", small, PRICES).bill(million).usd > 1
    assert LambdaBilling("f", replace(small, free_tier="on"), PRICES).bill(million).usd == 0


def test_a_savings_plan_lowers_durations_and_tasks_only():
    saving = replace(Usage(), lambda_discount_percent=Decimal(12), fargate_discount_percent=Decimal(20))
    full, less = (usd(LambdaBilling("f", usage, PRICES).bill(TEN)) for usage in (Usage(), saving))
    tasks_full, tasks_less = (usd(FargateBilling("s", usage, PRICES).bill(TEN)) for usage in (Usage(), saving))

    assert Decimal(less["Lambda duration"]) == to_cent(Decimal(full["Lambda duration"]) * Decimal("0.88"))
    assert less["Lambda requests"] == full["Lambda requests"]
    assert tasks_less["Fargate vCPU"] == "47.28"
    assert tasks_less["load balancer"] == tasks_full["load balancer"]


def test_metrics_are_billed_in_the_hours_that_have_requests():
    day = Traffic.hourly("day", [Decimal(3_600)] * 6 + [Decimal(0)] * 18)
    function = LambdaBilling("f", replace(Usage(), custom_metrics=Decimal(7)), PRICES)

    # 7 metrics x 0.30, in a quarter of the hours
    assert usd(function.bill(day))["custom metrics"] == "0.53"
    assert usd(function.bill(TEN))["custom metrics"] == "2.10"
    assert "custom metrics" not in usd(function.bill(Traffic.constant(Decimal(0))))
