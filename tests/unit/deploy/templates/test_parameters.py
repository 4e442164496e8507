"""Parameters of each stack, for the templates of this repository."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import (
    DATABASE,
    FARGATE,
    LAMBDA,
    LOAD_BALANCER,
    LOGS,
    REGISTRY,
    DeployTarget,
    Stack,
)
from django_runtimes.deploy.configuration import Deployment, parse_configuration
from django_runtimes.deploy.templates.parameters import read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, find_templates
from django_runtimes.deploy.templates.templates import read_template

CHECKOUT = Path(__file__).parents[4]
SOURCE = find_templates(CHECKOUT)
IMAGE = "registry/guestbook@sha256:" + "0" * 64


def deployment(*, everywhere: dict[str, Any] | None = None, dev: dict[str, Any] | None = None) -> Deployment:
    content = {
        "project": "guestbook",
        "region": "eu-central-1",
        "parameters": everywhere or {},
        "stages": {"dev": {"target": "aws_lambda", "parameters": dev or {}}},
    }
    return Deployment(parse_configuration(content, CHECKOUT), "dev", DeployTarget.AWS_LAMBDA)


def parameters(stack: Stack, given: Deployment, *, image: str | None = None) -> dict[str, str]:
    return stack_parameters(given, stack, read_template(CHECKOUT / "deploy", stack), image=image)


def test_each_stack_gets_only_the_parameters_of_its_template():
    given = deployment(everywhere={"Credentials": "iam", "LogRetentionDays": 7})

    assert parameters(REGISTRY, given) == {"Project": "guestbook"}
    assert parameters(LOGS, given) == {"Project": "guestbook", "Stage": "dev", "LogRetentionDays": "7"}
    assert parameters(DATABASE, given) == {
        "Project": "guestbook",
        "Stage": "dev",
        "Production": "no",
        "Credentials": "iam",
    }


def test_a_stacks_value_beats_its_stages_which_beats_the_shared_value():
    given = deployment(
        everywhere={"MemoryMb": 512, "MaxConnections": 90, "Domain": "guestbook.example.com"},
        dev={"MemoryMb": 1024, "lambda": {"MemoryMb": 2048}},
    )

    assert parameters(LAMBDA, given, image=IMAGE)["MemoryMb"] == "2048"
    assert parameters(FARGATE, given, image=IMAGE)["MemoryMb"] == "1024"
    assert parameters(DATABASE, given)["MaxConnections"] == "90"


def test_a_value_is_written_as_each_template_expects_it():
    given = deployment(
        everywhere={"Architecture": "arm64", "Domain": "guestbook.example.com"}, dev={"lambda": {"WarmUp": True}}
    )

    assert parameters(LAMBDA, given, image=IMAGE)["Architecture"] == "arm64"
    assert parameters(LAMBDA, given, image=IMAGE)["WarmUp"] == "yes"
    assert parameters(FARGATE, given, image=IMAGE)["Architecture"] == "ARM64"


def test_a_value_that_the_template_does_not_allow_is_refused():
    with pytest.raises(UsageError, match="Credentials = 'keys' is not a value that its template allows; choose"):
        parameters(DATABASE, deployment(everywhere={"Credentials": "keys"}))


def test_the_error_for_a_value_out_of_range_names_the_stack():
    with pytest.raises(UsageError, match="the stack 'lambda' does not accept MemoryMb = '100', which is less than 512"):
        parameters(LAMBDA, deployment(everywhere={"MemoryMb": 100}))


def test_two_values_that_lambda_refuses_together_are_an_error():
    given = deployment(
        everywhere={"ProvisionedConcurrency": 100, "ReservedConcurrency": 50, "Domain": "guestbook.example.com"}
    )

    with pytest.raises(
        UsageError,
        match="the stack 'lambda' does not accept ProvisionedConcurrency = '100' with ReservedConcurrency = '50'",
    ):
        parameters(LAMBDA, given, image=IMAGE)


def test_an_architecture_for_one_stack_is_refused():
    with pytest.raises(UsageError, match="Architecture is the same in every stack of a stage"):
        read_templates(deployment(dev={"operations": {"Architecture": "arm64"}}), SOURCE)


def test_a_production_stage_of_any_name_gets_its_protection():
    given = stage_of("prd", {"production": True, "parameters": {"Domain": "guestbook.example.com"}})

    assert parameters(DATABASE, given)["Production"] == "yes"
    assert parameters(FARGATE, given, image=IMAGE)["Production"] == "yes"
    assert "Production" not in parameters(LOGS, given)


def older_copy(tmp_path: Path) -> TemplateSource:
    """Return an ejected copy from before the parameter Production."""
    copy = tmp_path / "deploy"
    shutil.copytree(CHECKOUT / "deploy", copy)
    database = copy / "foundation" / "database.yaml"
    database.write_text(database.read_text().replace("  Production:\n", "  Formerly:\n"))
    return TemplateSource(copy, is_of_project=True)


def stage_of(name: str, table: dict[str, Any]) -> Deployment:
    content = {
        "project": "guestbook",
        "region": "eu-central-1",
        "stages": {name: {"target": "aws_ecs", **table}},
    }
    return Deployment(parse_configuration(content, CHECKOUT), name, DeployTarget.AWS_ECS)


@pytest.mark.parametrize(("stage", "production"), [("production", False), ("demo", True)])
def test_an_older_copy_that_decides_by_name_is_refused_where_that_differs(
    tmp_path: Path, stage: str, *, production: bool
):
    with pytest.raises(UsageError, match=rf"production = {str(production).lower()} has no effect on .*/deploy"):
        read_templates(stage_of(stage, {"production": production}), older_copy(tmp_path))


@pytest.mark.parametrize("stage", ["production", "dev"])
def test_an_older_copy_that_decides_alike_is_used(tmp_path: Path, stage: str):
    assert read_templates(stage_of(stage, {}), older_copy(tmp_path))


def test_a_list_is_written_with_commas():
    given = deployment(dev={"lambda": {"Hosts": ["a.example.com", "b.example.com"]}})

    assert parameters(LAMBDA, given, image=IMAGE)["Hosts"] == "a.example.com,b.example.com"


@pytest.mark.parametrize("value", [{"value": 500}, [{"value": 500}], [[1]]], ids=["table", "tables", "lists"])
def test_an_invalid_value_is_refused(value: Any):
    with pytest.raises(UsageError, match=r"StorageGb = .* cannot be a parameter; write a string, a number"):
        parameters(DATABASE, deployment(dev={"database": {"StorageGb": value}}))


def test_a_parameter_without_a_default_is_required():
    with pytest.raises(UsageError, match=r"'load-balancer' needs Domain.*\[stages.dev.parameters\]"):
        parameters(LOAD_BALANCER, deployment())
    with pytest.raises(UsageError, match=r"needs CertificateArn.*\[stages.dev.parameters.load-balancer\]"):
        parameters(LOAD_BALANCER, deployment(dev={"Domain": "guestbook.example.com"}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"MemoryMB": 1024}, "no template has parameter 'MemoryMB'; did you mean MemoryMb?"),
        ({"database": {"MinTasks": 1}}, "the stack 'database' has no parameter 'MinTasks'"),
        ({"lamda": {"MemoryMb": 1}}, "[parameters.lamda] does not name a stack; choose from registry, "),
        ({"database": {"MaxConnections": 90}}, "MaxConnections is the same in every stack of a stage; move it from"),
        ({"ImageUri": IMAGE}, "no template has parameter 'ImageUri'"),
    ],
)
def test_a_parameter_that_no_template_has_is_refused(given: dict[str, Any], expected: str):
    with pytest.raises(UsageError) as raised:
        read_templates(deployment(dev=given), SOURCE)

    assert expected in str(raised.value)


def revision(image: str = IMAGE, **given: Any) -> str:
    return parameters(LAMBDA, deployment(dev={"lambda": given}), image=image)["Revision"]


def test_changing_the_function_makes_a_new_version():
    assert revision(MemoryMb=2048) != revision()
    assert revision(FrontDoor="function_url") != revision()
    assert revision(WarmUp=True) != revision()
    assert revision(Revision="rotated") != revision()


def test_other_changes_make_no_new_version():
    assert revision(MemoryMb=1024) == revision()
    assert revision(Shift="AllAtOnce", ProvisionedConcurrency=2, RequestsBurst=7) == revision()
    # A new image makes a new version by itself.
    assert revision(image=IMAGE.replace("0", "1")) == revision()


def test_a_missing_template_is_named(tmp_path: Path):
    with pytest.raises(ToolError, match=r"lambda/template\.yaml, the template of the stack 'lambda', cannot be"):
        read_template(tmp_path, LAMBDA)
