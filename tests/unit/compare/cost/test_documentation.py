"""docs/cost.md explains every term of the targets' bills."""

import re
from dataclasses import replace
from decimal import Decimal

from django_runtimes.compare.cost.bills.bill import to_cent
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage, assumed_usage
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
        ManagedBilling("m", streaming, PRICES, FrontDoor.FUNCTION_URL, route="proxy"),
    ]
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]

    for billed in everything:
        for term in billed.bill(Traffic.constant(Decimal(10))).terms:
            price = re.sub("^ec2_.*_hour$", "ec2_…_hour", term.price.key.removesuffix("_x86"))
            assert any(term.name in row and price in row for row in rows), (term.name, price)


def test_the_example_of_managed_instances_follows_from_the_prices():
    function = ManagedBilling("m", assumed_usage("aws_lambda+managed"), PRICES)
    idle, busy = (function.bill(Traffic.constant(Decimal(rate_rps))) for rate_rps in (0, 100))
    instances_usd = to_cent(busy.terms[0].usd + busy.terms[1].usd)

    assert f"cost 4 · 730 · 0.1008 · 1.15 = {instances_usd} USD a month" in PAGE
    assert (
        f"262.8 million requests {to_cent(busy.terms[2].usd)} USD. Idle, three instances cost {idle.rounded_usd}"
        in PAGE
    )
    page = (ROOT / "docs/managed-instances.md").read_text(encoding="utf-8")
    assert f"about {idle.usd:.0f} USD a month for three m7i.large" in page
