from decimal import Decimal

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.usage import USAGE_KEYS, Usage
from django_runtimes.compare.cost.usage.usage_settings import SettableTarget, parse_settings

TARGETS = (
    SettableTarget("aws_lambda/per_request/proxy", "aws_lambda", "proxy"),
    SettableTarget("aws_ecs/pool/direct", "aws_ecs", "direct"),
)


def test_a_value_applies_to_all_targets_or_to_one_target():
    settings = parse_settings(["log_kb=80", "architecture=arm", "aws_ecs/pool/direct:log_kb=20", "log_kb=70"], TARGETS)

    assert settings.of("aws_lambda/per_request/proxy") == {"log_kb": Decimal(70), "architecture": "arm"}
    assert settings.of("aws_ecs/pool/direct") == {"log_kb": Decimal(20), "architecture": "arm"}


def test_a_price_can_be_set():
    settings = parse_settings(["price.nat_hour=0.052"], TARGETS)

    assert settings.prices["nat_hour"].value == Decimal("0.052")
    assert settings.prices["nat_hour"].source == "--set"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("duration_ms", "is not KEY=VALUE"),
        ("", "is not KEY=VALUE"),
        ("=5", "unknown KEY ''"),
        ("duration=5", "unknown KEY 'duration'; did you mean 'duration_ms'? choose one of: duration_ms,"),
        ("zzzzzz=5", "unknown KEY 'zzzzzz'; choose one of:"),
        ("duration_ms=", "duration_ms is a number from 0.001 ms to 1,000,000 ms; its default is 50"),
        ("duration_ms=abc", "is a number from"),
        ("duration_ms=-5", "is a number from"),
        ("duration_ms=0", "is a number from"),
        ("duration_ms=nan", "is a number from"),
        ("duration_ms=Infinity", "is a number from"),
        ("duration_ms=1_000", "is a number from"),
        ("duration_ms= 5", "is a number from"),
        ("duration_ms=\u0665", "is a number from"),
        ("cold_start_share=1.5", "is a number from 0 to 1"),
        ("architecture=riscv", "architecture is one of: x86, arm"),
        ("database_class=db.huge", "database_class is one of: db.t4g.micro"),
        ("aws_eks/pool/direct:duration_ms=5", "names no measured target of the comparison; choose one of: aws_lambda/"),
        ("price.nat_hours=5", "did you mean price.nat_hour?"),
        ("price.nat_hour=-1", "a price is a number from 0 to 100,000, here in USD per h"),
        ("price.nat_hour=1e30", "a price is a number from 0 to 100,000, here in USD per h"),
        ("price.nat_hour=1e-400", "a price is a number from 0 to 100,000, here in USD per h"),
        ("min_tasks=1.5", "min_tasks is a whole number from 0 tasks to 1,000 tasks; its default is 2"),
        ("nat_gateways=1.5", "nat_gateways is a whole number from 1 gateways to 6 gateways"),
        ("min_acu=0.7", "min_acu is a multiple of 0.5 from 0.5 ACU to 256 ACU"),
        (
            "aws_ecs/pool/direct:memory_mb=512",
            "has no effect, since memory_mb affects only aws_lambda, aws_lambda+managed; omit",
        ),
        (
            "aws_ecs/pool/direct:database_gb=50",
            "has no effect, since database_gb affects only shared parts, on PostgreSQL; set it for the whole "
            "comparison (--set database_gb=50)",
        ),
        (
            "aws_ecs/pool/direct:database_class=db.t4g.large",
            "affects only aws_lambda, aws_lambda+managed, aws_ecs, aws_app_runner on the route proxy; shared parts, on "
            "PostgreSQL; set",
        ),
        ("max_concurrency=5", "affects only aws_app_runner, of which the comparison has none; omit it"),
        ("instance_type=t3.micro", "instance_type is one of: smallest, c7i.large, c7i.xlarge, c7i.2xlarge, m7i.large"),
        ("min_instances=0", "min_instances is a whole number from 1 instances to 1,000 instances; its default is 3"),
        ("min_instances=3", "affects only aws_lambda+managed, of which the comparison has none; omit it"),
        ("processes=1.5", "processes is a whole number from 1 processes to 1,600 processes; its default is 4"),
        ("gb_per_vcpu=3", "gb_per_vcpu is one of: 2, 4, 8"),
        ("price.lambda_requests=x", "in USD per 1,000,000 requests"),
    ],
)
def test_an_error_states_the_rule_and_the_remedy(text: str, error: str):
    with pytest.raises(UsageError) as raised:
        parse_settings([text], TARGETS)

    assert error in str(raised.value)
    assert repr(text) in str(raised.value)


def test_every_default_is_within_its_bounds():
    for key in USAGE_KEYS.values():
        if key.choices:
            assert key.default in key.choices
        else:
            assert isinstance(key.default, Decimal)
            assert key.accepts(key.default)
    assert set(USAGE_KEYS) == set(Usage.__dataclass_fields__)
