"""The route of a stage decides about its engine, its credentials and its capacity."""

from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, OPERATIONS, SECRETS, DeployTarget, Stack
from django_runtimes.deploy.configuration import Deployment, parse_configuration
from django_runtimes.deploy.templates.parameters import read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import find_templates
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


def chosen(stack: Stack, given: Deployment) -> dict[str, str]:
    """Return a stack's parameters without those that every stack has."""
    found = stack_parameters(given, stack, read_template(CHECKOUT / "deploy", stack), image=IMAGE)
    usual = {"Project", "Stage", "Production", "ImageUri", "Revision", "AllowedCommands"}
    return {name: value for name, value in found.items() if name not in usual}


def test_the_data_api_implies_aurora_secrets_and_a_pause():
    given = deployment(dev={"Route": "data_api"})
    login = {"DataApi": "yes", "DatabaseSystem": "postgresql", "Credentials": "secretsmanager"}

    assert chosen(DATABASE, given) == {**login, "Engine": "aurora", "MinAcu": "0"}
    assert chosen(SECRETS, given) == {**login, "Engine": "aurora"}
    assert chosen(OPERATIONS, given) == login
    assert chosen(LAMBDA, given) == login


def test_a_minimum_capacity_keeps_the_cluster_awake():
    assert chosen(DATABASE, deployment(dev={"Route": "data_api", "MinAcu": 0.5}))["MinAcu"] == "0.5"


@pytest.mark.parametrize("tables", [{}, {"dev": {"Route": "runtime"}}])
def test_the_runtimes_own_route_implies_nothing(tables: dict[str, Any]):
    assert chosen(DATABASE, deployment(**tables)) == {}


def test_a_stage_may_take_another_route_than_the_others():
    given = deployment(everywhere={"Route": "data_api"}, dev={"Route": "runtime"})

    assert chosen(DATABASE, given) == {}


def test_an_unknown_route_is_an_error():
    with pytest.raises(UsageError, match=r"Route = 'proxy' is not a route; choose from runtime, data_api"):
        chosen(DATABASE, deployment(dev={"Route": "proxy"}))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"DataApi": "yes"}, r"DataApi is set by Route; write Route = 'data_api' instead"),
        ({"database": {"DataApi": "yes"}}, r"DataApi is set by Route; write Route = 'data_api' instead"),
        (
            {"lambda": {"Route": "data_api"}},
            r"Route is the same in every stack of a stage; move it from the table of the stack 'lambda'",
        ),
    ],
)
def test_only_the_route_of_a_stage_switches_the_data_api_on(parameters: dict[str, Any], expected: str):
    with pytest.raises(UsageError, match=expected):
        read_templates(deployment(dev=parameters), SOURCE)


def test_the_route_of_a_stage_is_a_known_parameter():
    assert set(read_templates(deployment(dev={"Route": "data_api"}), SOURCE)) >= {"database", "lambda"}
