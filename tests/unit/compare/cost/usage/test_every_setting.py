"""Every KEY of `--set` changes a figure of the targets that it concerns, and is refused for all others."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cost_json import cost_json
from django_runtimes.compare.cost.prices.price_file import every_price
from django_runtimes.compare.cost.usage.usage import USAGE_KEYS
from django_runtimes.compare.record.results import Run
from tests.unit.compare.recommendation.runs import APP_RUNNER, ECS, REFERENCE, run_of, target_of

DATA_API = replace(target_of(REFERENCE, 20.0, blocks=2), name="aws_lambda/per_request/data_api", route="data_api")
MANAGED = "aws_lambda+managed/persistent/proxy"
RUN = Run({}, (*run_of({REFERENCE: 13.0, APP_RUNNER: 4.0, ECS: 4.0, MANAGED: 4.0}, blocks=2).targets, DATA_API))
TARGETS = {target.name: target for target in RUN.targets}
# Another value of each KEY, after the values of other KEYs that it needs.
VALUES = {
    "duration_ms": "max_concurrency=1 processes=1 77", "architecture": "arm", "memory_mb": "8192", "init_ms": "77",
    "cold_start_share": "0.5", "provisioned_concurrency": "77", "stream_share": "0.5",
    "stream_s": "stream_share=0.5 77", "stream_mb": "stream_share=0.5 77", "response_kb": "77", "request_kb": "7700",
    "log_kb": "77", "log_months": "7", "custom_metrics": "70", "task_vcpu": "task_memory_gb=4 2", "task_memory_gb": "4",
    "capacity_rps": "77", "utilization": "0.1", "min_tasks": "7", "alb_services": "7", "zones": "3",
    "requests_per_connection": "response_kb=0.1 1", "connection_s": "requests_per_connection=1 7700",
    "max_concurrency": "duration_ms=700 1", "database_class": "db.m7g.4xlarge", "database_gb": "77",
    "connections": "77", "connections_at_rps": "connections=77 1", "peak_connections": "77", "database_cpu_ms": "77",
    "acu_per_rps": "0.7", "min_acu": "7", "ios_per_request": "7", "data_api_calls": "7", "data_api_kb": "77",
    "egress": "nat", "nat_gateways": "3", "interface_endpoints": "7", "egress_kb": "7", "secrets": "7",
    "free_tier": "on", "lambda_discount_percent": "7", "fargate_discount_percent": "7", "ec2_discount_percent": "7",
    "processes": "duration_ms=700 7", "gb_per_vcpu": "memory_mb=8192 8", "instance_type": "m7g.xlarge",
    "min_environments": "7", "min_instances": "7",
}  # fmt: skip
# The values of KEYs that a price needs to be part of a bill.
NEEDED = {
    "lambda_stream_gb": ["stream_mb=77"],
    "nat_gb": ["egress_kb=7"],
    "endpoint_gb": ["egress_kb=7"],
}


@pytest.fixture(autouse=True)
def no_crossings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Crossings follow from the bills, and take most of the time.
    monkeypatch.setattr(analysis, "all_crossings", lambda billed, up_to_rps: ())


@cache
def figures(*settings: str) -> dict[str, Any]:
    values = cost_json(analyze_cost(RUN, settings=settings))
    return {name: values[name] for name in ("targets", "options", "databases", "egress", "instances")}


def changes(key: str, prefix: str) -> bool:
    *others, value = VALUES[key].split()
    return figures(*others) != figures(*others, f"{prefix}{key}={value}")


def test_every_key_has_another_value():
    assert set(VALUES) == set(USAGE_KEYS)


@pytest.mark.parametrize("key", VALUES)
def test_a_value_for_all_targets_changes_a_figure(key: str):
    assert changes(key, "")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("key", VALUES)
def test_a_value_for_one_target_changes_a_figure_or_is_refused(key: str, target: str):
    runtime = "aws_lambda+managed" if target == MANAGED else TARGETS[target].runtime
    if USAGE_KEYS[key].affects(runtime, TARGETS[target].route, "postgresql"):
        assert changes(key, f"{target}:")
    else:
        with pytest.raises(UsageError, match=f"has no effect, since {key} affects only"):
            figures(f"{target}:{key}={VALUES[key].split()[-1]}")


@pytest.mark.parametrize("price", every_price())
def test_every_price_changes_a_figure(price: str):
    arm = ["architecture=arm"] if price.endswith("_arm") else []
    database = [f"database_class={price.removesuffix('_hour').replace('_', '.')}"] if price.startswith("db_") else []
    instance = [f"instance_type={price[4:-5].replace('_', '.')}", "memory_mb=2048", "gb_per_vcpu=2"]
    others = [*arm, *database, *(instance if price.startswith("ec2_") else []), *NEEDED.get(price, [])]

    assert figures(*others) != figures(*others, f"price.{price}=77")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (
            ["task_vcpu=16"],
            f"{APP_RUNNER}: task_vcpu=16 is not a size of an instance of App Runner; choose one",
        ),
        ([f"{ECS}:task_vcpu=0.75"], f"{ECS}: task_vcpu=0.75 is not a size of a task of Fargate; choose one of: 0.25"),
        (
            [f"{ECS}:task_vcpu=2"],
            f"{ECS}: task_memory_gb=2 is not a size of a task of Fargate with task_vcpu=2; choose one of: 4, 5, 6",
        ),
    ],
)
def test_a_size_that_aws_does_not_offer_is_refused(settings: list[str], error: str):
    with pytest.raises(UsageError) as raised:
        figures(*settings)

    assert str(raised.value).startswith(error)


def test_a_size_that_aws_offers_is_billed():
    assert figures(f"{ECS}:task_vcpu=2", f"{ECS}:task_memory_gb=4") != figures()
