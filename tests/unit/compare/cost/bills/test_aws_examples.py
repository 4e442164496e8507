"""The worked examples of AWS's price pages, reproduced to the cent with the prices that the pages state."""

from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost.bills.bill import Bill, to_cent
from django_runtimes.compare.cost.bills.container_bill import FargateBilling
from django_runtimes.compare.cost.bills.database_bill import RdsBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.unit.compare.cost.fixed_prices import PRICES

NOTHING_ELSE = dict.fromkeys(("log_kb", "response_kb", "cold_start_share", "custom_metrics"), Decimal(0))


def usage(**values: str) -> Usage:
    keys = {
        name: value if name in ("free_tier", "architecture", "egress") else Decimal(value)
        for name, value in values.items()
    }
    return replace(Usage(**NOTHING_ELSE), **keys)


def usd(bill: Bill, name: str) -> str:
    return str(to_cent(next(term.usd for term in bill.terms if term.name == name)))


# https://aws.amazon.com/lambda/pricing/ as of 2020, which rounded the price of a GB-second to 0.00001667.
@pytest.mark.parametrize(
    ("memory_mb", "requests", "duration_ms", "expected"),
    [("512", 3_000_000, "1000", "18.74"), ("128", 30_000_000, "200", "11.63")],
)
def test_lambda_with_the_price_of_2020_matches_awss_example(
    memory_mb: str, requests: int, duration_ms: str, expected: str
):
    rounded = PRICES["lambda_gb_s_x86"].with_value(Decimal("0.00001667"))
    prices = PRICES.replaced({rounded.key: rounded})
    function = LambdaBilling("f", usage(memory_mb=memory_mb, duration_ms=duration_ms, free_tier="on"), prices)

    assert str(function.bill(Traffic.monthly(Decimal(requests))).rounded_usd) == expected


# https://aws.amazon.com/lambda/pricing/, "Mobile application backend": 2.33 + 0.40.
def test_a_mobile_backend_matches_awss_example():
    function = LambdaBilling("f", usage(memory_mb="1536", duration_ms="120", free_tier="on"), PRICES)

    bill = function.bill(Traffic.monthly(Decimal(3_000_000)))

    assert usd(bill, "Lambda duration") == "2.33"
    assert usd(bill, "Lambda requests") == "0.40"
    assert str(bill.rounded_usd) == "2.73"


# https://aws.amazon.com/lambda/pricing/, "Enriching streaming telemetry": 1.49 + 248.00, without the free tier.
def test_streaming_telemetry_matches_awss_example():
    function = LambdaBilling("f", usage(memory_mb="1024", duration_ms="2000"), PRICES)

    assert str(function.bill(Traffic.monthly(Decimal(7_440_000))).rounded_usd) == "249.49"


# https://aws.amazon.com/lambda/pricing/, SnapStart's example: 31 days, 1 % of 7.44 million requests restore 1 GB.
def test_snapstart_matches_awss_example():
    function = LambdaBilling(
        "f",
        usage(memory_mb="1024", duration_ms="2000", cold_start_share="0.01", secrets="0"),
        PRICES,
        has_snapstart=True,
    )

    bill = function.bill(Traffic.monthly(Decimal(7_440_000), hours=Decimal(24 * 31)))

    assert usd(bill, "SnapStart cache") == "4.03"
    assert usd(bill, "SnapStart restores") == "10.40"
    assert str(bill.rounded_usd) == "263.92"


# https://aws.amazon.com/lambda/pricing/, "Cyber Monday": 10.08 + 21.78 + 0.40.
def test_provisioned_concurrency_for_a_day_matches_awss_example():
    function = LambdaBilling("f", usage(memory_mb="4096", duration_ms="280"), PRICES, provisioned=Decimal(7))

    bill = function.bill(Traffic.monthly(Decimal(2_000_000), hours=Decimal(24)))

    assert usd(bill, "Lambda provisioned concurrency") == "10.08"
    assert usd(bill, "Lambda duration, provisioned") == "21.78"
    assert str(bill.rounded_usd) == "32.26"


# https://aws.amazon.com/lambda/pricing/, "Mobile application launch": 8 hours with 100 environments kept ready,
# and the rest of the month without; the free tier covers the rest.
def test_provisioned_concurrency_for_a_launch_matches_awss_example():
    launch = LambdaBilling("f", usage(memory_mb="1536", duration_ms="100"), PRICES, provisioned=Decimal(100))
    rest = LambdaBilling("f", usage(memory_mb="1536", duration_ms="120", free_tier="on"), PRICES)

    launch_bill = launch.bill(Traffic.monthly(Decimal(500_000), hours=Decimal(8)))
    rest_bill = rest.bill(Traffic.monthly(Decimal(2_500_000)))

    assert usd(launch_bill, "Lambda provisioned concurrency") == "18.00"
    assert usd(launch_bill, "Lambda duration, provisioned") == "0.73"
    assert usd(rest_bill, "Lambda duration") == "0.83"
    assert str(to_cent(launch_bill.usd + rest_bill.usd)) == "19.96"


# https://aws.amazon.com/lambda/pricing/, "Streaming Server Side Rendered Web Content": 30.83 + 0.40 + 7.81. The page
# adds rounded lines, which makes 39.04; the exact sum is 39.0459. The example has used up the 100 GB of free streams.
def test_response_streams_match_awss_example():
    streamed = usage(
        memory_mb="1536", duration_ms="500", free_tier="on", stream_share="0.33333333333333333333333333", stream_mb="7",
        stream_s="0.5",
    )  # fmt: skip
    spent = {key: PRICES[key].with_value(Decimal(0)) for key in ("lambda_free_stream_gb", "data_out_gb")}
    function = LambdaBilling("f", streamed, PRICES.replaced(spent))

    bill = function.bill(Traffic.monthly(Decimal(3_000_000)))

    assert usd(bill, "Lambda duration") == "30.83"
    assert usd(bill, "Lambda requests") == "0.40"
    assert usd(bill, "Lambda response streams") == "7.81"
    assert str(bill.rounded_usd) == "39.05"
    assert str(sum(to_cent(term.usd) for term in bill.terms)) == "39.04"


# https://aws.amazon.com/elasticloadbalancing/pricing/, example 1, 30 days: one new connection per second that stays
# open for 2 minutes, 5 requests per second, 300 KB per second: 16.20 + 1.08 LCU = 22.42.
def test_a_load_balancer_matches_awss_example():
    balanced = usage(requests_per_connection="5", connection_s="120", response_kb="60", request_kb="0")
    service = FargateBilling("s", balanced, PRICES)

    bill = service.bill(Traffic.constant(Decimal(5), hours=Decimal(720)))

    assert service.lcus(Decimal(5)) == Decimal("1.08")
    assert usd(bill, "load balancer") == "16.20"
    assert usd(bill, "load balancer capacity") == "6.22"


# https://aws.amazon.com/rds/proxy/pricing/, an instance below 2 vCPU for 30 days: 1,440 vCPU-hours = 21.60.
def test_rds_proxy_matches_awss_example():
    database = RdsBilling("d", usage(database_gb="1"), PRICES, has_proxy=True)

    bill = database.bill(Traffic.constant(Decimal(1), hours=Decimal(720)))

    assert usd(bill, "RDS Proxy") == "21.60"


# https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/, table 4: the
# tiers of both kinds of API.
@pytest.mark.parametrize(
    ("front", "millions", "expected"),
    [
        (FrontDoor.HTTP_API, 300, "300.00"),
        (FrontDoor.HTTP_API, 400, "390.00"),
        (FrontDoor.REST_API, 333, "1165.50"),
        (FrontDoor.REST_API, 1_000, "3033.10"),
    ],
)
def test_api_gateway_matches_awss_example(front: FrontDoor, millions: int, expected: str):
    function = LambdaBilling("f", usage(), PRICES, front=front)

    bill = function.bill(Traffic.monthly(Decimal(millions) * 1_000_000))

    assert usd(bill, "HTTP API" if front is FrontDoor.HTTP_API else "REST API") == expected
