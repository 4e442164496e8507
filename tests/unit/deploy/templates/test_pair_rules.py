"""Pairs of parameters that a service refuses are found before the deploy."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.deploy.catalogue import (
    APP_RUNNER,
    DATABASE,
    EXPRESS,
    FARGATE,
    LAMBDA,
    OPERATIONS_TASK,
    STACKS,
    Stack,
)
from django_runtimes.deploy.templates.pair_rules import PAIR_RULES, broken_pair
from django_runtimes.deploy.templates.templates import read_template

TEMPLATES = Path(__file__).parents[4] / "deploy"
MANAGED = {"ManagedInstances": "yes", "MemoryMb": "4096"}
FARGATE_SIZES = {
    "256": ["512", "1024", "2048"],
    "512": ["1024", "2048", "4096"],
    "1024": ["2048", "4096", "8192"],
    "2048": ["4096", "8192"],
    "4096": ["8192"],
}
APP_RUNNER_SIZES = {
    "0.25 vCPU": ["0.5 GB", "1 GB"],
    "0.5 vCPU": ["1 GB"],
    "1 vCPU": ["2 GB", "3 GB", "4 GB"],
    "2 vCPU": ["4 GB", "6 GB"],
    "4 vCPU": ["8 GB", "10 GB", "12 GB"],
}


def declared(stack: Stack) -> dict[str, dict[str, Any]]:
    return dict(read_template(TEMPLATES, stack).parameters)


def defaults(stack: Stack) -> dict[str, str]:
    return {name: str(each["Default"]) for name, each in declared(stack).items() if "Default" in each}


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_the_defaults_fit_together(stack: Stack):
    assert broken_pair(defaults(stack)) is None


def test_each_minimum_and_size_of_the_templates_has_a_rule():
    names = {name for stack in STACKS for name in declared(stack)}
    pairs = {(name, f"Max{name.removeprefix('Min')}") for name in names if name.startswith("Min")}
    pairs |= {(name.removeprefix("Max"), name) for name in names if name.startswith("Max")} & {
        (name, f"Max{name}") for name in names
    }
    pairs |= {("CpuUnits", "MemoryMb"), ("Cpu", "Memory"), ("ProvisionedConcurrency", "ReservedConcurrency")}

    assert {(rule.first, rule.second) for rule in PAIR_RULES} == pairs
    assert {name for pair in pairs for name in pair} <= names


@pytest.mark.parametrize(
    ("stack", "cpu", "memory", "offered"),
    [
        (FARGATE, "CpuUnits", "MemoryMb", FARGATE_SIZES),
        (EXPRESS, "CpuUnits", "MemoryMb", FARGATE_SIZES),
        (OPERATIONS_TASK, "CpuUnits", "MemoryMb", FARGATE_SIZES),
        (APP_RUNNER, "Cpu", "Memory", APP_RUNNER_SIZES),
    ],
    ids=["fargate", "express", "operations-task", "apprunner"],
)
def test_only_the_sizes_that_aws_offers_pass(stack: Stack, cpu: str, memory: str, offered: dict[str, list[str]]):
    parameters = declared(stack)
    every = itertools.product(parameters[cpu]["AllowedValues"], parameters[memory]["AllowedValues"])

    passed = {pair for pair in every if broken_pair({cpu: pair[0], memory: pair[1]}) is None}

    assert passed == {(units, size) for units, sizes in offered.items() for size in sizes}


@pytest.mark.parametrize(
    ("stack", "given", "expected"),
    [
        (
            FARGATE,
            {"MinTasks": "9"},
            "MinTasks = '9' with MaxTasks = '4': the minimum is above the maximum",
        ),
        (
            FARGATE,
            {"CpuUnits": "256", "MemoryMb": "8192"},
            "CpuUnits = '256' with MemoryMb = '8192': with 256 CPU units Fargate offers 512 to 2048 MB",
        ),
        (
            APP_RUNNER,
            {"Cpu": "4 vCPU", "Memory": "0.5 GB"},
            "Cpu = '4 vCPU' with Memory = '0.5 GB': with 4 vCPU App Runner offers 8, 10, 12 GB",
        ),
        (
            DATABASE,
            {"Engine": "aurora", "MinAcu": "8"},
            "MinAcu = '8' with MaxAcu = '4': the minimum is above the maximum",
        ),
        (DATABASE, {"Engine": "instance", "MinAcu": "8"}, None),
        (
            DATABASE,
            {"Engine": "instance", "StorageGb": "95"},
            "StorageGb = '95' with MaxStorageGb = '100': RDS requires a maximum at least 10 % above the initial "
            "storage",
        ),
        (DATABASE, {"Engine": "instance", "StorageGb": "90"}, None),
        (DATABASE, {"Engine": "aurora", "StorageGb": "95"}, None),
        (
            LAMBDA,
            {"ProvisionedConcurrency": "51"},
            "ProvisionedConcurrency = '51' with ReservedConcurrency = '50': Lambda keeps at most the reserved "
            "environments ready, and 0 reserves none",
        ),
        (LAMBDA, {"ProvisionedConcurrency": "50"}, None),
        (LAMBDA, {"ProvisionedConcurrency": "51", "ReservedConcurrency": "0"}, None),
        (
            LAMBDA,
            {"SnapStart": "yes", "ProvisionedConcurrency": "2"},
            "SnapStart = 'yes' with ProvisionedConcurrency = '2': Lambda restores snapshots or keeps environments "
            "ready",
        ),
        (LAMBDA, {"SnapStart": "yes"}, None),
        (LAMBDA, {"SnapStart": "no", "ProvisionedConcurrency": "2"}, None),
        (
            LAMBDA,
            MANAGED | {"SnapStart": "yes"},
            "ManagedInstances = 'yes' with SnapStart = 'yes': Managed Instances start before requests arrive, without "
            "snapshots",
        ),
        (
            LAMBDA,
            MANAGED | {"ProvisionedConcurrency": "2"},
            "ManagedInstances = 'yes' with ProvisionedConcurrency = '2': Managed Instances always run; set "
            "MinExecutionEnvironments",
        ),
        (
            LAMBDA,
            MANAGED | {"WarmUp": "yes"},
            "ManagedInstances = 'yes' with WarmUp = 'yes': Managed Instances always run",
        ),
        (
            LAMBDA,
            MANAGED | {"DataApi": "yes"},
            "ManagedInstances = 'yes' with DataApi = 'yes': Managed Instances run in the network that Route = "
            "'data_api' does without",
        ),
        (
            LAMBDA,
            MANAGED | {"MemoryMb": "1024"},
            "ManagedInstances = 'yes' with MemoryMb = '1024': Managed Instances have 4096 MB for each vCPU; set "
            "MemoryMb to 4096 or 8192",
        ),
        (
            LAMBDA,
            MANAGED | {"MemoryMb": "6144"},
            "ManagedInstances = 'yes' with MemoryMb = '6144': Managed Instances have 4096 MB for each vCPU; set "
            "MemoryMb to 4096 or 8192",
        ),
        (
            LAMBDA,
            MANAGED | {"Processes": "17"},
            "MemoryMb = '4096' with Processes = '17': Lambda runs at most 16 Python processes for each vCPU, here 16",
        ),
        (
            LAMBDA,
            MANAGED | {"MinExecutionEnvironments": "4"},
            "MinExecutionEnvironments = '4' with MaxExecutionEnvironments = '3': the minimum is above the maximum",
        ),
        (LAMBDA, MANAGED, None),
        (LAMBDA, MANAGED | {"Processes": "32", "MemoryMb": "8192"}, None),
        (LAMBDA, {"ManagedInstances": "no", "Processes": "32", "SnapStart": "yes", "WarmUp": "yes"}, None),
    ],
)
def test_a_broken_pair_names_both_values_and_the_rule(stack: Stack, given: dict[str, str], expected: str | None):
    assert broken_pair({**defaults(stack), **given}) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"CpuUnits": "8192", "MemoryMb": "61440"},
        {"Cpu": "1024", "Memory": "2048"},
        {"Cpu": "1 vCPU", "Memory": "2048"},
        {"MinTasks": "{{resolve:ssm:tasks}}", "MaxTasks": "4"},
        {"ManagedInstances": "yes", "MemoryMb": "4 GB", "Processes": "99"},
    ],
)
def test_values_that_only_a_copy_of_the_templates_offers_pass(values: dict[str, str]):
    assert broken_pair(values) is None
