"""The bills of a function on the Data API and of its database at 0 ACU: the examples in docs/cost.md."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from django_runtimes.compare.cost.bills.bill import Bill, to_cent
from django_runtimes.compare.cost.bills.database_bill import AuroraBilling, RdsBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import assumed_usage
from tests.unit.compare.cost.fixed_prices import PRICES

# As webapp deploy makes it, with three calls of 4 KB for each request.
USAGE = replace(
    assumed_usage("aws_lambda"), memory_mb=Decimal(1_024), duration_ms=Decimal(80), data_api_calls=Decimal(3)
)
FUNCTION = LambdaBilling("f", USAGE, PRICES, FrontDoor.HTTP_API, route="data_api")
DATABASE = AuroraBilling("d", USAGE, PRICES, pauses=True)
BEHIND_PROXY = LambdaBilling("f", USAGE, PRICES, FrontDoor.HTTP_API, route="proxy")
INSTANCE = RdsBilling("d", USAGE, PRICES)

IDLE = Traffic.constant(Decimal(0))
MILLION = Traffic.monthly(Decimal(1_000_000))
# One request per second from 8 to 18 o'clock, from Monday to Friday.
OFFICE = Traffic.hourly(
    "office hours",
    [Decimal(3_600) if day < 5 and 8 <= hour < 18 else Decimal(0) for day in range(7) for hour in range(24)],
)


def usd(bill: Bill) -> dict[str, str]:
    return {term.name: str(to_cent(term.usd)) for term in bill.terms if term.usd}


def test_an_idle_month_costs_the_storage_and_the_secrets():
    assert usd(FUNCTION.bill(IDLE)) == {}
    # 20 GB x 0.10, and the secrets with the key and the two logins
    assert usd(DATABASE.bill(IDLE)) == {"storage, Aurora": "2.00", "secrets": "1.20"}


def test_the_function_has_neither_a_proxy_nor_an_egress():
    bill = usd(FUNCTION.bill(MILLION))

    # 3 million calls x 0.35 per million
    assert bill["Data API"] == "1.05"
    assert set(bill) == {
        "Lambda requests",
        "Lambda duration",
        "HTTP API",
        "reads of secrets",
        "Data API",
        "logs, received",
        "logs, kept",
        "custom metrics",
        "data transfer out",
    }


def test_requests_around_the_clock_keep_the_database_awake():
    # 730 h x 0.5 ACU x 0.12, a million I/O x 0.20
    assert usd(DATABASE.bill(MILLION)) == {
        "Aurora capacity": "43.80",
        "storage, Aurora": "2.00",
        "Aurora I/O": "0.20",
        "secrets": "1.20",
    }


def test_a_database_for_office_hours_sleeps_at_night():
    # 730 h x 50/168 = 217.26 h x 0.5 ACU x 0.12
    assert usd(DATABASE.bill(OFFICE))["Aurora capacity"] == "13.04"


@pytest.mark.parametrize(
    ("traffic", "row"),
    [
        (IDLE, "| idle | 0 | 0.00 | 3.20 | 3.20 | 47.96 |"),
        (OFFICE, "| office hours, 1/s | 782,143 | 5.18 | 16.39 | 21.58 | 52.32 |"),
        (MILLION, "| around the clock | 1,000,000 | 7.93 | 47.20 | 55.13 | 54.84 |"),
    ],
)
def test_the_documentation_has_the_sums(traffic: Traffic, row: str):
    function, database, other = (billed.bill(traffic).usd for billed in (FUNCTION, DATABASE, BEHIND_PROXY))
    instead = other + INSTANCE.bill(traffic).usd
    cells = [f"{traffic.requests:,.0f}", *(str(to_cent(each)) for each in (function, database, function + database))]

    assert row.split(" | ")[1:] == [*cells, f"{to_cent(instead)} |"]
    assert row in Path("docs/cost.md").read_text()
