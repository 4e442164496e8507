"""Bills are of a stage that `webapp deploy` makes by default, or say what differs."""

import re
from decimal import Decimal
from typing import Any

import pytest

from django_runtimes.compare.cost.bills.front_door import FRONT_DOORS, FrontDoor
from django_runtimes.compare.cost.deploy_defaults import (
    DEPLOYED_LIMITS,
    DEPLOYED_SIZES,
    deploy_sentences,
)
from django_runtimes.compare.cost.usage.measured_usage import assumed_usages
from django_runtimes.compare.cost.usage.usage import Usage, assumed_usage
from django_runtimes.compare.cost.usage.usage_settings import UsageSettings
from tests.deploy.template_yaml import load_yaml
from tests.unit.documents.pages import ROOT

TEMPLATES = {
    "aws_lambda": "lambda/template.yaml",
    "aws_lambda+managed": "lambda/template.yaml",
    "aws_ecs": "ecs/fargate.yaml",
    "aws_app_runner": "apprunner/template.yaml",
    "database": "foundation/database.yaml",
    "network": "foundation/network.yaml",
    "logs": "foundation/logs.yaml",
}


def default(template: str, parameter: str) -> Any:
    text = (ROOT / "deploy" / TEMPLATES[template]).read_text(encoding="utf-8")
    return load_yaml(text)["Parameters"][parameter]["Default"]


def test_the_first_front_door_is_the_one_that_the_template_makes():
    names = {FrontDoor.HTTP_API: "http_api", FrontDoor.FUNCTION_URL: "function_url"}

    assert names[FRONT_DOORS[0]] == default("aws_lambda", "FrontDoor")


@pytest.mark.parametrize(
    ("key", "template", "parameter", "shown"),
    [
        ("architecture", "aws_lambda", "Architecture", {"x86_64": "x86"}),
        ("architecture", "aws_ecs", "Architecture", {"X86_64": "x86"}),
        ("min_tasks", "aws_ecs", "MinTasks", {}),
        ("processes", "aws_lambda", "Processes", {}),
        ("min_environments", "aws_lambda", "MinExecutionEnvironments", {}),
        ("max_concurrency", "aws_app_runner", "Concurrency", {}),
        ("database_class", "database", "InstanceClass", {}),
        ("database_gb", "database", "StorageGb", {}),
        ("min_acu", "database", "MinAcu", {}),
        ("egress", "network", "Egress", {}),
        ("log_months", "logs", "LogRetentionDays", {30: 1}),
    ],
)
def test_an_assumed_choice_is_the_templates_default(
    key: str, template: str, parameter: str, shown: dict[object, object]
):
    value = default(template, parameter)

    assert getattr(Usage(), key) == shown.get(value, value)


def test_options_that_a_bill_lacks_are_off_in_the_templates():
    assert default("aws_lambda", "ProvisionedConcurrency") == 0
    assert default("aws_lambda", "WarmUp") == "no"
    assert default("aws_app_runner", "MinInstances") == 1
    assert default("database", "Engine") == "instance"


def test_the_deployed_sizes_are_those_of_the_templates():
    assert {
        "aws_lambda": {"memory_mb": default("aws_lambda", "MemoryMb")},
        "aws_lambda+managed": {"processes": default("aws_lambda", "Processes")},
        "aws_ecs": {
            "task_vcpu": Decimal(default("aws_ecs", "CpuUnits")) / 1_024,
            "task_memory_gb": Decimal(default("aws_ecs", "MemoryMb")) / 1_024,
        },
        "aws_app_runner": {
            "task_vcpu": Decimal(default("aws_app_runner", "Cpu").removesuffix(" vCPU")),
            "task_memory_gb": Decimal(default("aws_app_runner", "Memory").removesuffix(" GB")),
        },
    } == DEPLOYED_SIZES


def test_the_deployed_limits_are_those_of_the_templates():
    for runtime, limits in DEPLOYED_LIMITS.items():
        assert limits == {name: default(runtime, name) for name in limits}


def test_an_execution_environment_has_the_size_of_the_template():
    text = (ROOT / "deploy/lambda/template.yaml").read_text(encoding="utf-8")
    resources = load_yaml(text)["Resources"]
    ratios = re.findall(r"ExecutionEnvironmentMemoryGiBPerVCpu: (\d+)", text)
    usage = assumed_usage("aws_lambda+managed")

    assert "Function" in resources
    assert ratios == [usage.gb_per_vcpu]
    # The smallest memory that the template accepts.
    assert "Needs Egress and 4096 or 8192" in " ".join(text.split())
    assert usage.memory_mb == 4096


def test_other_sizes_than_the_deployed_ones_are_named():
    sizes, limits = deploy_sentences(assumed_usages(UsageSettings()))

    assert sizes == (
        "The defaults of webapp deploy have other sizes: aws_lambda memory_mb=1024; aws_ecs task_vcpu=0.5, "
        "task_memory_gb=1."
    )
    assert "aws_ecs MaxTasks=4" in limits


def test_the_metrics_are_those_that_the_templates_send():
    rows = re.findall(r"^\| `([A-Z]\w+)` \|", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"), re.MULTILINE)
    of_pools = [name for name in rows if name.startswith("Pool")]

    expected = {"aws_lambda": len(rows) - len(of_pools), "aws_ecs": len(rows), "aws_app_runner": len(rows)}

    assert {runtime: assumed_usage(runtime).custom_metrics for runtime in expected} == expected
    assert {default(runtime, "Metrics") for runtime in expected} == {"emf"}


def test_deployed_sizes_need_no_remark():
    deployed = UsageSettings(by_target={"aws_app_runner/pool/direct": DEPLOYED_SIZES["aws_app_runner"]})
    usages = [usage for usage in assumed_usages(deployed) if usage.runtime == "aws_app_runner"]

    assert list(deploy_sentences(usages)) == [
        "The defaults of webapp deploy limit the traffic: aws_app_runner MaxInstances=4. Raise them for higher rates.",
    ]
