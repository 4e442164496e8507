"""The checks of a stage on Managed Instances: vCPUs of EC2, no reservation, and the region."""

import pytest

from django_runtimes.deploy.catalogue import LAMBDA
from django_runtimes.deploy.preflight.checks.quotas.concurrency_check import CONCURRENCY
from django_runtimes.deploy.preflight.checks.quotas.vcpu_quota_check import VCPUS
from django_runtimes.deploy.preflight.checks.region_check import REGION
from django_runtimes.deploy.preflight.checks.target_check import TARGET
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

ON = {"ManagedInstances": "yes"}
MANAGED = {**ON, "MemoryMb": 4096, "Egress": "endpoints"}


def test_managed_instances_need_vcpus_of_ec2(aws: StandIn, ask):
    aws.account(quotas={"L-1216C47A": 24})
    fewer = "raise MaxVCpus, or lower MinExecutionEnvironments or MemoryMb"
    needs = "MinExecutionEnvironments needs {} vCPUs of Managed Instances, and "

    assert ask(VCPUS, **MANAGED) == []
    # Both versions run during a deploy.
    during = needs.format(13) + "26 during a deploy, and MaxVCpus allows 24"
    assert ask(VCPUS, **MANAGED, MinExecutionEnvironments=13, MaxExecutionEnvironments=13) == [
        ("doubtful", during, fewer)
    ]
    most = needs.format(26) + "MaxVCpus allows 24"
    large = MANAGED | {"MemoryMb": 8192}
    assert ask(VCPUS, **large, MinExecutionEnvironments=13, MaxExecutionEnvironments=13) == [("bad", most, fewer)]
    aws.account(quotas={"L-1216C47A": 16})
    name = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
    remedy = f'request more (Service Quotas, "{name}"), or lower MaxVCpus'
    assert ask(VCPUS, **MANAGED) == [
        ("doubtful", "MaxVCpus allows 24 vCPUs of EC2, and the account may run 16", remedy)
    ]
    assert ask(VCPUS, **MANAGED, MaxVCpus=16) == []


def test_an_unchanged_provider_needs_no_more_vcpus(aws: StandIn, plan):
    aws.account(quotas={"L-1216C47A": 16})
    stage = plan(**MANAGED)
    names = ("ManagedInstances", "MinExecutionEnvironments", "MemoryMb", "MaxVCpus")
    same = {name: stage.value(LAMBDA, name) for name in names}

    assert shown(deployed(stage, of={LAMBDA: {}}, parameters={LAMBDA: same}), VCPUS) == []
    assert shown(deployed(stage, of={LAMBDA: {}}, parameters={LAMBDA: same | {"MaxVCpus": "8"}}), VCPUS) != []


def test_managed_instances_reserve_nothing(aws: StandIn, ask, plan):
    aws.limit_executions(101)

    assert ask(CONCURRENCY, **MANAGED, ReservedConcurrency=4) == [
        ("good", "Lambda will reserve 1 of the account's 101 concurrent executions; 1 are available", "")
    ]
    assert ask(TARGET, **MANAGED, ReservedConcurrency=4) == []
    aws.limit_executions(100)
    # What the existing function would have reserved is not available to the operations function.
    live = deployed(plan(**MANAGED), of={LAMBDA: {}}, parameters={LAMBDA: {"ReservedConcurrency": "50", **ON}})
    assert [outlook for outlook, *_ in shown(live, CONCURRENCY)] == ["bad"]


def test_capacity_providers_are_asked_for_only_where_chosen(aws: StandIn, ask):
    aws.account(missing_types=["AWS::Lambda::CapacityProvider"])

    assert ask(REGION) == [("good", "us-east-1 offers AWS::RDS::DBProxy", "")]
    assert ask(REGION, **MANAGED)[0] == (
        "bad",
        "us-east-1 has no AWS::Lambda::CapacityProvider, which the stack 'lambda' needs",
        "set ManagedInstances to another value, or another region in webapp.toml",
    )
