"""Monthly floors of 730 hours in us-east-1, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

from django_runtimes.compare.cost.bills.bill import Bill, to_cent
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling
from django_runtimes.compare.cost.bills.database_bill import AuroraBilling, EgressBilling, RdsBilling
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.unit.compare.cost.fixed_prices import PRICES

IDLE = Traffic.constant(Decimal(0))


def usd(bill: Bill) -> dict[str, str]:
    return {term.name: str(to_cent(term.usd)) for term in bill.terms if term.usd}


def test_an_idle_function_costs_nothing():
    assert LambdaBilling("f", Usage(), PRICES).bill(IDLE).usd == 0


def test_an_idle_function_with_a_proxy_costs_the_proxy():
    # 2 vCPU x 730 h x 0.015
    assert usd(LambdaBilling("f", Usage(), PRICES, route="proxy").bill(IDLE)) == {"RDS Proxy": "21.90"}


def test_an_idle_service_costs_its_tasks_and_load_balancer():
    # Each task: 730 h x (0.04048 + 2 x 0.004445); its address: 730 h x 0.005.
    assert usd(FargateBilling("s", Usage(), PRICES).bill(IDLE)) == {
        "Fargate vCPU": "59.10",
        "Fargate memory": "12.98",
        "public IPv4 addresses of tasks": "7.30",
        "load balancer": "16.43",
        "public IPv4 addresses of the load balancer": "7.30",
    }


def test_a_small_task_on_arm_costs_14_42_usd():
    # 730 h x (0.5 x 0.03238 + 0.00356) = 14.42
    small = replace(
        Usage(), architecture="arm", task_vcpu=Decimal("0.5"), task_memory_gb=Decimal(1), min_tasks=Decimal(1)
    )

    terms = FargateBilling("s", small, PRICES).bill(IDLE).terms

    assert str(to_cent(terms[0].usd + terms[1].usd)) == "14.42"


def test_a_service_pays_its_share_of_a_shared_load_balancer():
    shared = replace(Usage(), alb_services=Decimal(25))

    bill = usd(FargateBilling("s", shared, PRICES).bill(IDLE))

    # 16.43 / 25 and 7.30 / 25
    assert bill["load balancer"] == "0.66"
    assert bill["public IPv4 addresses of the load balancer"] == "0.29"


def test_an_idle_instance_of_app_runner_costs_its_memory():
    # 2 GB x 730 h x 0.007
    assert usd(AppRunnerBilling("a", Usage(), PRICES).bill(IDLE)) == {"App Runner memory": "10.22"}


def test_an_instance_of_app_runner_pays_vcpu_only_while_active():
    # 30 days: 2 GB x 720 h x 0.007 = 10.08, and 240 h x 0.064 = 15.36
    nothing = replace(Usage(), log_kb=Decimal(0), response_kb=Decimal(0), custom_metrics=Decimal(0))
    day = [Decimal(3_600)] * 8 + [Decimal(0)] * 16

    bill = usd(AppRunnerBilling("a", nothing, PRICES).bill(Traffic.hourly("day", day)))

    # Scaled from 720 to 730 hours.
    assert bill == {"App Runner memory": "10.22", "App Runner vCPU": "15.57"}


def test_an_idle_database_costs_its_storage_and_minimum_capacity():
    plain = usd(RdsBilling("d", Usage(), PRICES).bill(IDLE))
    aurora = usd(AuroraBilling("d", Usage(), PRICES, has_proxy=True).bill(IDLE))
    paused = usd(AuroraBilling("d", Usage(), PRICES, pauses=True, has_data_api=True).bill(IDLE))

    # 730 h x 0.032 and 20 GB x 0.115
    assert plain == {"instance db.t4g.small": "23.36", "storage, gp3": "2.30", "secrets": "0.40"}
    # 730 h x 2 ACU x 0.12, 20 GB x 0.10, and a proxy of at least 8 ACU: 730 h x 8 x 0.015
    assert aurora == {
        "Aurora capacity": "175.20",
        "storage, Aurora": "2.00",
        "secrets": "0.40",
        "RDS Proxy": "87.60",
    }
    # The logins of the Data API are secrets too.
    assert paused == {"storage, Aurora": "2.00", "secrets": "1.20"}


def test_egress_costs_its_gateway_or_its_endpoints():
    # One gateway: 730 h x (0.045 + 0.005); four endpoints in two zones: 8 x 730 h x 0.01
    assert str(EgressBilling("e", Usage(), PRICES, "nat").bill(IDLE).rounded_usd) == "36.50"
    assert str(EgressBilling("e", Usage(), PRICES, "endpoints").bill(IDLE).rounded_usd) == "58.40"
