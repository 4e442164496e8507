"""The table of idle costs in deploy/README.md follows from the prices and from the templates' resources."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from django_runtimes.compare.cost.bills.database_bill import AuroraBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.prices.price_file import read_prices
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.deploy.templates.analysis.stacks import NOT_WITH_DATA_API, TEMPLATES, Deployment, deploy
from tests.deploy.templates.analysis.variants import ON_DATA_API

pytestmark = pytest.mark.profile_free

HOURS = 730
STORAGE_GB = 20
README = (TEMPLATES / "README.md").read_text()
COLUMNS = ("Lambda", "Lambda, data_api", "App Runner", "ECS Fargate", "ECS Express")
OF_TARGET = {
    "Lambda": {"lambda/template.yaml", "foundation/proxy.yaml"},
    "Lambda, data_api": {"lambda/template.yaml"},
    "App Runner": {"apprunner/template.yaml"},
    "ECS Fargate": {"ecs/fargate.yaml", "ecs/load-balancer.yaml"},
    "ECS Express": {"ecs/express.yaml"},
}
# The resources that AWS bills by the hour, and other types of the same services that it does not.
BILLED_BY_THE_HOUR = {
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::RDS::DBProxy",
    "AWS::ECS::Service",
    "AWS::ECS::ExpressGatewayService",
    "AWS::AppRunner::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
}


def table() -> dict[str, dict[str, str]]:
    """Return the table's cells by row and column."""
    lines = README.partition("## Cost when idle")[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert tuple(rows[0][1:]) == COLUMNS
    return {row[0].strip("*"): dict(zip(COLUMNS, row[1:], strict=True)) for row in rows[2:]}


def amount(cell: str) -> Decimal:
    """Return the sum of a cell such as `23.36 + 2.30` or `2 x 18.02`, which a remark may follow."""
    figures = cell.strip("*").partition(",")[0]
    terms = [term.split("\N{MULTIPLICATION SIGN}") for term in figures.split("+") if term.strip()]
    return sum((math.prod(map(Decimal, factors)) for factors in terms), Decimal(0))


def usd(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def hourly(key: str) -> Decimal:
    return HOURS * read_prices().value(key)


def test_each_total_is_the_sum_of_its_column():
    cells = table()
    totals = cells.pop("total")

    assert {name: amount(cell) for name, cell in totals.items()} == {
        name: sum(amount(row[name]) for row in cells.values()) for name in COLUMNS
    }


def test_the_amounts_follow_from_the_prices():
    prices, cells = read_prices(), table()
    gp3, aurora = (STORAGE_GB * prices.value(key) for key in ("rds_gp3_gb_month", "aurora_gb_month"))
    instance = usd(hourly("db_t4g_small_hour"))
    task = (hourly("fargate_vcpu_hour_x86") + hourly("fargate_gb_hour_x86") * 2) / 2
    address, secret = hourly("public_ipv4_hour"), prices.value("secret_month")

    expected = {
        "database": [instance + usd(gp3), usd(aurora), *([instance + usd(gp3)] * 3)],
        "proxy": [usd(2 * hourly("rds_proxy_vcpu_hour")), 0, 0, 0, 0],
        "idle compute": [0, 0, usd(2 * hourly("apprunner_gb_hour")), 2 * usd(task), 2 * usd(task)],
        "load balancer": [0, 0, 0, usd(hourly("alb_hour")), usd(hourly("alb_hour"))],
        "public addresses": [0, 0, 0, 4 * usd(address), 4 * usd(address)],
        "secrets": [secret, 3 * secret, secret, secret, secret],
    }
    assert {row: [amount(cells[row][name]) for name in COLUMNS] for row in expected} == expected


def deployment_of(column: str) -> Deployment:
    return ON_DATA_API if column == "Lambda, data_api" else deploy()


def stacks_of(column: str) -> set[str]:
    """Return the templates of a stage with this target alone; those for accounts are billed once."""
    others = {name for names in OF_TARGET.values() for name in names} | NOT_WITH_DATA_API
    return set(deployment_of(column).stacks) - others - {"foundation/account.yaml"} | OF_TARGET[column]


def billed(column: str, *types: str) -> list[str]:
    deployment = deployment_of(column)
    return sorted(each.type for name in stacks_of(column) for each in deployment.stacks[name].of_type(*types))


@pytest.mark.parametrize("column", COLUMNS)
def test_the_templates_create_the_secrets_of_the_table(column: str):
    assert len(billed(column, "AWS::SecretsManager::Secret")) * read_prices().value("secret_month") == amount(
        table()["secrets"][column]
    )


def test_only_storage_and_secrets_cost_money_on_the_data_api():
    assert billed("Lambda, data_api", *BILLED_BY_THE_HOUR) == []
    assert billed("Lambda", *BILLED_BY_THE_HOUR) == ["AWS::RDS::DBProxy"]
    capacity = ON_DATA_API.named("foundation/database.yaml", "DatabaseCluster").properties[
        "ServerlessV2ScalingConfiguration"
    ]
    assert capacity["MinCapacity"] == "0"


def test_webapp_cost_has_the_same_idle_cost_of_the_data_api():
    prices, idle = read_prices(), Traffic.constant(Decimal(0))
    function = LambdaBilling("function", Usage(), prices, FrontDoor.HTTP_API, route="data_api")
    cluster = AuroraBilling("cluster", Usage(), prices, pauses=True)

    assert function.bill(idle).usd + cluster.bill(idle).usd == amount(table()["total"]["Lambda, data_api"])
    assert cluster.bill(idle).usd == Decimal("3.20")


def test_an_awake_cluster_costs_the_price_of_its_capacity():
    per_hour = read_prices().value("aurora_acu_hour") * read_prices().value("aurora_step_acu")
    nightly = per_hour / 12 * HOURS / 24
    told = re.search(r"costs at least ([\d.]+) per hour.*five minutes: ([\d.]+) per month.*, for ([\d.]+)\.", README)

    assert told is not None
    assert [Decimal(each) for each in told.groups()] == [per_hour, usd(nightly), usd(per_hour * HOURS)]
