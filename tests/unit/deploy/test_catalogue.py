"""The stacks that a target needs, and the order in which they are created and removed."""

import re
from pathlib import Path

from django_runtimes.deploy.catalogue import (
    EXISTING_DATABASE,
    EXISTING_NETWORK,
    MYSQL_DATABASE,
    ORACLE_DATABASE,
    SQL_SERVER_DATABASE,
    STACKS,
    DeployTarget,
    endpoint_stack,
    foundation,
    removable,
    runtime_stack,
)

CHECKOUT = Path(__file__).parents[3]


def test_stacks_have_the_templates_and_order_of_the_readme():
    templates = re.findall(r"^\| \d+ \| `([^`]+\.yaml)`", (CHECKOUT / "deploy/README.md").read_text(), re.MULTILINE)

    templates.remove("foundation/account.yaml")
    for instead in (EXISTING_NETWORK, EXISTING_DATABASE, MYSQL_DATABASE, ORACLE_DATABASE, SQL_SERVER_DATABASE):
        templates.remove(instead.template)
    assert [stack.template for stack in STACKS] == templates


def test_the_proxy_is_for_lambda_and_the_load_balancer_for_ecs():
    stacks = {target: foundation(target, egress="none", static_files="bucket") for target in DeployTarget}
    names = {target: [stack.name for stack in found] for target, found in stacks.items()}

    shared = ["registry", "monitoring", "logs", "network", "security-groups", "storage", "database", "secrets"]
    assert names == {
        DeployTarget.AWS_LAMBDA: [*shared, "proxy"],
        DeployTarget.AWS_APP_RUNNER: shared,
        DeployTarget.AWS_ECS: [*shared, "load-balancer"],
        DeployTarget.AWS_ECS_EXPRESS: shared,
    }


def test_a_function_can_do_without_a_proxy():
    names = [
        stack.name
        for stack in foundation(DeployTarget.AWS_LAMBDA, egress="none", static_files="image", has_proxy=False)
    ]

    assert names == [
        "registry", "monitoring", "logs", "network", "security-groups", "storage", "database", "secrets",
    ]  # fmt: skip


def test_endpoints_are_created_only_for_the_egress_endpoints():
    stacks = foundation(DeployTarget.AWS_ECS, egress="endpoints", static_files="image")

    assert "endpoints" in [stack.name for stack in stacks]


def test_a_distribution_is_created_only_for_static_files_from_cloudfront():
    stacks = foundation(DeployTarget.AWS_LAMBDA, egress="none", static_files="cloudfront")

    assert [stack.name for stack in stacks][5:7] == ["storage", "distribution"]


def test_fargates_endpoint_is_an_output_of_the_load_balancer():
    assert endpoint_stack(DeployTarget.AWS_ECS).name == "load-balancer"
    assert endpoint_stack(DeployTarget.AWS_LAMBDA) is runtime_stack(DeployTarget.AWS_LAMBDA)


def test_removal_keeps_the_data_by_default():
    names = [stack.name for stack in removable(None, with_data=False)]

    assert names == [
        "express", "fargate", "load-balancer", "apprunner", "lambda", "rotation", "schedules", "operations-task",
        "operations", "proxy", "distribution", "endpoints",
    ]  # fmt: skip


def test_removal_with_data_removes_the_whole_stage_in_reverse():
    names = [stack.name for stack in removable(None, with_data=True)]

    assert names == [stack.name for stack in reversed(STACKS) if stack.name != "registry"]


def test_one_target_is_removed_without_the_others():
    assert [stack.name for stack in removable(DeployTarget.AWS_ECS, with_data=False)] == ["fargate", "load-balancer"]
