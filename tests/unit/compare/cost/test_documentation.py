"""docs/cost.md explains every term of the targets' bills."""

from dataclasses import replace
from decimal import Decimal

from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling
from django_runtimes.compare.cost.bills.lambda_bill import FrontDoor, LambdaBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.documents.pages import ROOT

PAGE = (ROOT / "docs/cost.md").read_text(encoding="utf-8")


def test_every_term_has_a_row_with_its_price():
    streaming = replace(Usage(), stream_share=Decimal("0.1"), stream_mb=Decimal(20))
    everything = [
        *(LambdaBilling("f", streaming, PRICES, front, route="proxy") for front in FrontDoor),
        LambdaBilling("f", Usage(), PRICES, has_snapstart=True, route="data_api"),
        LambdaBilling("f", Usage(), PRICES, provisioned=Decimal(1)),
        FargateBilling("s", Usage(), PRICES, route="proxy"),
        AppRunnerBilling("a", Usage(), PRICES),
    ]
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]

    for billed in everything:
        for term in billed.bill(Traffic.constant(Decimal(10))).terms:
            price = term.price.key.removesuffix("_x86")
            assert any(term.name in row and price in row for row in rows), (term.name, price)
