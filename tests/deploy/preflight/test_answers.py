"""Each check passes, or fails with the remedy."""

from dataclasses import replace

import pytest

from django_runtimes.deploy.catalogue import OPERATIONS_TASK, REGISTRY
from django_runtimes.deploy.preflight.checks.account_check import ACCOUNT
from django_runtimes.deploy.preflight.checks.memory_check import DATABASE_MEMORY
from django_runtimes.deploy.preflight.checks.monitoring_check import MONITORING_COST, billed_metrics
from django_runtimes.deploy.preflight.checks.permission_check import PERMISSIONS
from django_runtimes.deploy.preflight.checks.quotas.concurrency_check import CONCURRENCY
from django_runtimes.deploy.preflight.checks.quotas.network_quota_check import NETWORKS
from django_runtimes.deploy.preflight.checks.quotas.vcpu_quota_check import VCPUS
from django_runtimes.deploy.preflight.checks.region_check import REGION
from django_runtimes.deploy.preflight.checks.service_role_check import SERVICE_ROLES
from django_runtimes.deploy.preflight.checks.target_check import TARGET
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

MORE = 'request more (Service Quotas, Lambda, "Concurrent executions")'
DEPLOYER = "arn:aws:iam::123456789012:user/deployer"


def test_a_production_stage_without_an_account_is_a_warning(ask):
    text = "[stages.prd] names no account, so other credentials would build a second one"
    answer = ("doubtful", text, 'add account = "123456789012" to webapp.toml')
    assert ask(ACCOUNT, stage="prd", production=True) == [answer]
    assert ask(ACCOUNT, stage="prd", production=True, account="123456789012") == []
    assert ask(ACCOUNT) == []


def test_a_sufficient_quota_of_executions_passes(aws: StandIn, ask):
    aws.limit_executions(151)

    text = "Lambda will reserve 51 of the account's 151 concurrent executions; 51 are available"
    assert ask(CONCURRENCY) == [("good", text, "")]


def test_reservations_above_the_quota_fail(aws: StandIn, ask):
    aws.limit_executions(150)

    text = "Lambda will reserve 51 of the account's 150 concurrent executions; 50 are available"
    assert ask(CONCURRENCY) == [
        ("bad", text, f"{MORE}, or write into [stages.dev.parameters]: ReservedConcurrency = 0")
    ]


def test_provisioned_executions_count_against_the_quota(aws: StandIn, ask):
    aws.limit_executions(200)

    assert ask(CONCURRENCY, ReservedConcurrency=0, ProvisionedConcurrency=500) == [
        (
            "bad",
            "Lambda will reserve 501 of the account's 200 concurrent executions; 100 are available",
            f"{MORE}, or write into [stages.dev.parameters]: ProvisionedConcurrency = 0",
        )
    ]
    # They are part of the function's own reservation.
    text = "Lambda will reserve 51 of the account's 200 concurrent executions; 100 are available"
    assert ask(CONCURRENCY, ReservedConcurrency=50, ProvisionedConcurrency=50) == [("good", text, "")]


def test_a_new_account_is_told_to_reserve_nothing(aws: StandIn, ask):
    aws.limit_executions(10)

    assert ask(CONCURRENCY, target="aws_ecs") == [
        (
            "bad",
            "Lambda will reserve 1 of the account's 10 concurrent executions; 0 are available",
            f'{MORE}, or write into [stages.dev.parameters]: ReservedExecution = "no"',
        )
    ]
    assert ask(CONCURRENCY) == [
        (
            "bad",
            "Lambda will reserve 51 of the account's 10 concurrent executions; 0 are available",
            f'{MORE}, or write into [stages.dev.parameters]: ReservedConcurrency = 0, ReservedExecution = "no"',
        )
    ]
    assert ask(CONCURRENCY, ReservedConcurrency=0, ReservedExecution=False) == [
        ("doubtful", "the account runs 10 Lambda functions at once, all together; further requests get 503", MORE)
    ]


def test_tasks_above_fargates_quota_are_named(aws: StandIn, ask):
    remedy = 'request more (Service Quotas, "Fargate On-Demand vCPU resource count"), or set fewer tasks or CpuUnits'
    assert ask(VCPUS, target="aws_ecs") == []
    assert ask(VCPUS) == []

    more = "MaxTasks needs 4 vCPUs of Fargate, and up to 8 during a deploy, and the account may run 6"
    assert ask(VCPUS, target="aws_ecs", MaxTasks=8) == [("doubtful", more, remedy)]
    assert ask(VCPUS, target="aws_ecs_express", MaxTasks=8) == [("doubtful", more, remedy)]
    aws.account(quotas={"L-3032A538": 2})
    few = "MinTasks needs 2.5 vCPUs of Fargate, and the account may run 2"
    assert ask(VCPUS, target="aws_ecs", MinTasks=5, MaxTasks=5) == [("bad", few, remedy)]


def test_a_function_needs_concurrency_for_static_files(ask):
    text = "ReservedConcurrency = 4 lets few requests run at once, and static files count too, so browsers may get 429"
    remedy = "set at least 20, or serve static files from a CDN"
    assert ask(TARGET, ReservedConcurrency=4) == [("doubtful", text, remedy)]
    assert ask(TARGET, ReservedConcurrency=20) == []
    assert ask(TARGET, ReservedConcurrency=0) == []


def test_app_runner_is_closed_to_new_customers(ask):
    ((outlook, text, _),) = ask(TARGET, target="aws_app_runner")

    assert (outlook, text) == ("doubtful", "App Runner has been closed to new customers since 2026-04-30")


def test_a_micro_database_has_too_little_memory_for_tokens(ask):
    text = "db.t4g.micro has 1 GB of memory, and RDS needs 300 to 1,000 MiB of it free to check a token"
    remedy = "set InstanceClass to db.t4g.small, or Credentials to 'secretsmanager', in webapp.toml"
    micro = {"InstanceClass": "db.t4g.micro"}
    assert ask(DATABASE_MEMORY, **micro) == [("doubtful", text, remedy)]
    assert ask(DATABASE_MEMORY, **micro, Credentials="secretsmanager", Egress="nat") == []
    assert ask(DATABASE_MEMORY) == []


def test_a_region_without_the_proxy_is_refused(aws: StandIn, ask):
    aws.account(missing_types=["AWS::RDS::DBProxy"])

    assert ask(REGION) == [
        (
            "bad",
            "us-east-1 has no AWS::RDS::DBProxy, which the stack 'proxy' needs",
            "choose another target, or another region in webapp.toml",
        )
    ]
    assert ask(REGION, target="aws_ecs") == []


def test_function_urls_are_asked_for_only_where_chosen(aws: StandIn, ask):
    aws.account(missing_types=["AWS::Lambda::Url"])

    assert ask(REGION) == [("good", "us-east-1 offers AWS::RDS::DBProxy", "")]
    assert ask(REGION, FrontDoor="function_url")[0] == (
        "bad",
        "us-east-1 has no AWS::Lambda::Url, which the stack 'lambda' needs",
        "set FrontDoor to another value, or another region in webapp.toml",
    )


def test_a_region_that_may_lack_snapshots_is_a_warning(ask):
    answer = (
        "doubtful",
        "ap-southeast-6 has no SnapStart, as far as is known",
        "if AWS refuses the stack 'lambda', remove SnapStart, or choose another region in webapp.toml",
    )

    assert answer in ask(REGION, region="ap-southeast-6", SnapStart="yes")
    assert answer not in ask(REGION, region="ap-southeast-6")
    assert [outlook for outlook, *_ in ask(REGION, SnapStart="yes")] == ["good"]


def test_a_network_within_the_quota_passes(aws: StandIn, ask):
    aws.account(vpcs={"vpc-1": "172.31.0.0/16"})

    assert ask(NETWORKS) == [("good", "1 of 5 VPCs exist in the region; the network needs one more", "")]


def test_a_full_quota_of_vpcs_fails(aws: StandIn, ask):
    aws.account(vpcs={f"vpc-{number}": "172.31.0.0/16" for number in range(6)}, quotas={"L-F678F1CE": 6})

    assert ask(NETWORKS) == [
        (
            "bad",
            "6 of 6 VPCs exist in the region, and the network needs one more",
            'request more (Service Quotas, "VPCs per Region"), or delete a VPC that is no longer used',
        )
    ]


def test_a_nat_gateway_needs_an_address(aws: StandIn, ask):
    aws.account(addresses=[f"192.0.2.{number}" for number in range(5)])

    assert ask(NETWORKS, Egress="nat")[1] == (
        "bad",
        "5 of 5 Elastic IPs exist in the region, and the network needs one more",
        'request more (Service Quotas, "EC2-VPC Elastic IPs"), or release an address that is no longer used',
    )


def test_two_networks_with_the_same_addresses_are_a_warning(aws: StandIn, ask):
    aws.account(vpcs={"vpc-1": "10.0.0.0/16"})

    assert ask(NETWORKS)[0] == (
        "doubtful",
        "vpc-1 has the addresses 10.0.0.0/16 too, so the two networks could never be peered",
        "set another AddressPrefix, which cannot change later",
    )
    assert [answer[0] for answer in ask(NETWORKS, AddressPrefix="10.1")] == ["good"]


def test_missing_service_linked_roles_are_named(aws: StandIn, ask):
    (answer,) = ask(SERVICE_ROLES, target="aws_ecs")
    assert answer[1] == (
        "the first deploy creates the service-linked roles AWSServiceRoleForRDS, AWSServiceRoleForECS, "
        "AWSServiceRoleForElasticLoadBalancing, AWSServiceRoleForApplicationAutoScaling_ECSService"
    )

    aws.client("iam").create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    # A role that exists needs no permission.
    aws.account(forbidden=["iam:CreateServiceLinkedRole"])

    assert ask(SERVICE_ROLES) == [("good", "the account has all service-linked roles of the new stacks", "")]


def test_only_the_resources_of_new_stacks_need_roles(plan):
    tables = {"schedules": {"import": {"command": "check", "rate": "1 day", "task": True}}}
    stage = plan(tables=tables)
    ((_, text, _),) = shown(stage, SERVICE_ROLES)
    assert "AWSServiceRoleForECS" in text
    existing = deployed(stage, of={stack: {} for stack in stage.wanted if stack != OPERATIONS_TASK})
    assert shown(existing, SERVICE_ROLES) == [
        ("good", "the first deploy creates the service-linked roles AWSServiceRoleForECS", "")
    ]

    assert shown(deployed(stage, of={stack: {} for stack in stage.wanted}), SERVICE_ROLES) == []


def test_a_condition_that_only_cloudformation_evaluates_may_hold(plan):
    stage = plan()
    registry = stage.context.templates[REGISTRY.name]
    odd = {
        "Conditions": {"Odd": {"Fn::Contains": [["a"], "a"]}},
        "Resources": {"Service": {"Type": "AWS::AppRunner::Service", "Condition": "Odd"}},
    }
    templates = {**stage.context.templates, REGISTRY.name: replace(registry, content={**registry.content, **odd})}

    changed = replace(stage, context=replace(stage.context, templates=templates))

    assert "AWS::AppRunner::Service" in changed.new_types
    assert "AWS::AppRunner::Service" not in stage.new_types


def test_missing_service_linked_roles_need_the_permission_to_create_them(aws: StandIn, ask):
    aws.account(forbidden=["iam:CreateServiceLinkedRole"])

    ((outlook, text, remedy),) = ask(SERVICE_ROLES, target="aws_ecs")

    assert outlook == "doubtful"
    assert text.startswith("the account lacks the service-linked roles ")
    assert text.endswith(
        "AWSServiceRoleForECS, AWSServiceRoleForElasticLoadBalancing, "
        "AWSServiceRoleForApplicationAutoScaling_ECSService, and IAM's simulation denies "
        "iam:CreateServiceLinkedRole, so the first deploy may fail"
    )
    assert "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com" in remedy
    # Without a simulation nothing is known.
    aws.deny("iam:SimulatePrincipalPolicy")
    assert ask(SERVICE_ROLES, target="aws_ecs")[0][0] == "good"


def test_dashboards_and_alarms_beyond_the_free_ones_have_a_price(aws: StandIn, ask):
    few = "the region has 0 dashboards and alarms on 0 metrics"
    assert ask(MONITORING_COST) == [("good", few, "")]

    aws.account(dashboards=["a", "b", "c", "d"])

    price = (
        "; beyond 3 and 10, which are free in an account, AWS charges 3.00 USD per dashboard and 0.10 per metric of an "
        "alarm, each month"
    )
    assert ask(MONITORING_COST) == [("good", f"the region has 4 dashboards and alarms on 0 metrics{price}", "")]


def test_only_the_metrics_of_an_alarm_are_billed():
    one = {"MetricName": "Errors"}
    rate = {"Metrics": [{"Id": "rate", "Expression": "errors / requests"}, {"MetricStat": {}}, {"MetricStat": {}}]}

    assert (billed_metrics(one), billed_metrics(rate)) == (1, 2)


def test_a_role_with_all_permissions_passes(ask):
    ((outlook, text, remedy),) = ask(PERMISSIONS)

    assert (outlook, remedy) == ("good", "")
    assert text.startswith(f"IAM's simulation permits {DEPLOYER} all ")


def test_missing_permissions_of_stacks_fail_and_others_warn(aws: StandIn, ask):
    remedy = "attach the policies that `webapp deploy policy` writes"
    aws.account(forbidden=["rds:CreateDBProxy", "lambda:CreateFunction"])
    text = f"IAM's simulation denies {DEPLOYER} lambda:CreateFunction, rds:CreateDBProxy"
    assert ask(PERMISSIONS) == [("doubtful", text, remedy)]

    aws.account(forbidden=["cloudformation:CreateChangeSet"])

    text = f"IAM's simulation denies {DEPLOYER} cloudformation:CreateChangeSet"
    assert ask(PERMISSIONS) == [("bad", text, remedy)]


def test_an_assumed_role_is_simulated_as_the_role_with_its_path(aws: StandIn, ask):
    aws.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    aws.account(identity="arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForECS/me")

    ((outlook, text, _),) = ask(PERMISSIONS)

    role = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    assert (outlook, text.partition(" all ")[0]) == ("good", f"IAM's simulation permits {role}")


def test_the_root_user_cannot_be_simulated(aws: StandIn, ask):
    root = "arn:aws:iam::123456789012:root"
    aws.account(identity=root)

    text = f"permissions could not be asked: IAM simulates users and roles, and this is {root}"
    assert ask(PERMISSIONS) == [("unknown", text, "")]
