"""Parameters that let more run at once than the database has connections for are a warning."""

from typing import Any

import pytest

from django_runtimes.deploy.preflight.connection_check import CONNECTIONS, budget_parameters, budget_variables
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.stacks import deploy

pytestmark = pytest.mark.profile_free

TARGETS = {
    "aws_lambda": "lambda/template.yaml",
    "aws_app_runner": "apprunner/template.yaml",
    "aws_ecs": "ecs/fargate.yaml",
    "aws_ecs_express": "ecs/express.yaml",
}
OWN = "[stages.dev.parameters]"
MANAGED = {"ManagedInstances": "yes", "MemoryMb": 4096, "Egress": "endpoints"}


@pytest.mark.parametrize("target", TARGETS)
def test_the_defaults_have_enough_connections(ask, target: str):
    assert ask(CONNECTIONS, target=target) == []


def test_more_functions_than_the_proxys_connections_are_a_warning(ask):
    text = "the proxy: 81 connections may be needed at once (execution environments 81 x processes of each 1 "
    text += "x connections of each 1), 80 are available"
    remedy = "lower ReservedConcurrency, or raise ProxyMaxConnections"

    assert ask(CONNECTIONS, ReservedConcurrency=81) == [("doubtful", text, remedy)]
    assert ask(CONNECTIONS, ReservedConcurrency=80) == []
    assert ask(CONNECTIONS, ReservedConcurrency=0) == []


def test_more_processes_than_connections_are_a_warning(ask):
    text = "the proxy: 96 connections may be needed at once (execution environments 4 + more during a deploy (200 %) 4 "
    text += "x processes of each 4 x connections of each 3), 80 are available"
    remedy = "lower MaxExecutionEnvironments or Processes, or raise ProxyMaxConnections"

    # They have no reservation.
    assert ask(CONNECTIONS, **MANAGED, ReservedConcurrency=81) == []
    assert ask(CONNECTIONS, **MANAGED, MaxExecutionEnvironments=4) == [("doubtful", text, remedy)]


def test_functions_that_call_the_data_api_need_no_connections(ask):
    assert ask(CONNECTIONS, ReservedConcurrency=500, Route="data_api", Engine="aurora") == []


def test_connections_that_the_proxy_does_not_open_are_a_warning(ask):
    opened = (
        "doubtful",
        "ProxyMaxConnections = 90, but the proxy opens at most 80 connections, MaxConnectionsPercent = 80 of "
        "MaxConnections = 100",
        f"write ProxyMaxConnections = 80 into {OWN}, or raise the other two",
    )
    assert ask(CONNECTIONS, ReservedConcurrency=90, ProxyMaxConnections=90) == [opened]
    assert ask(CONNECTIONS, ReservedConcurrency=160, ProxyMaxConnections=160, MaxConnections=200) == []


def test_a_proxy_that_leaves_too_few_connections_is_a_warning(ask):
    text = "the server: 52 connections may be needed at once (the proxy's connections 45 + operations 2 "
    text += "+ administrator's reserve 5), 47 are available"
    remedy = "lower ProxyMaxConnections, or raise MaxConnections"

    shares = {"MaxConnections": 50, "AlarmConnections": 45, "MaxConnectionsPercent": 90, "ProxyMaxConnections": 45}
    assert ask(CONNECTIONS, ReservedConcurrency=0, **shares) == [("doubtful", text, remedy)]


def test_an_alarm_that_never_goes_off_is_a_warning(ask):
    text = "AlarmConnections = 90 is not below MaxConnections = 90, so the alarm never goes off"
    expected = ("doubtful", text, f"write AlarmConnections = 81 into {OWN}")

    assert expected in ask(CONNECTIONS, MaxConnections=90)
    assert ask(CONNECTIONS, Route="data_api", MaxConnections=90) == [expected]


@pytest.mark.parametrize(
    ("target", "parameters", "calculation"),
    [
        ("aws_ecs", {"MaxTasks": 8}, "135 connections may be needed at once (instances 8 + more during a deploy"),
        ("aws_ecs_express", {"Workers": 2}, "135 connections may be needed at once (instances 4 +"),
        ("aws_app_runner", {"PoolMaxSize": 16}, "135 connections may be needed at once (instances 4 +"),
    ],
)
def test_more_containers_than_connections_are_a_warning(ask, target: str, parameters: dict[str, int], calculation: str):
    ((outlook, text, remedy),) = ask(CONNECTIONS, target=target, **parameters)

    most = "MaxInstances" if target == "aws_app_runner" else "MaxTasks"
    assert (outlook, calculation in text) == ("doubtful", True), text
    assert remedy == f"lower {most} or Workers or PoolMaxSize, or raise MaxConnections"


def test_the_stages_own_variables_count(ask):
    """An own strategy has other connections than the default."""
    own = {"environment": {"WEBAPP_DB_RESERVED_CONNECTIONS": "40"}}

    ((outlook, text, remedy),) = ask(CONNECTIONS, target="aws_ecs", tables=own)

    assert (outlook, "administrator's reserve 40" in text) == ("doubtful", True), text
    assert remedy.startswith("lower MaxTasks or Workers or PoolMaxSize or WEBAPP_DB_RESERVED_CONNECTIONS, or raise")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("changed", [{}, {"ReservedConcurrency": 0, "MaxTasks": 3, "MaxInstances": 3, "Workers": 2}])
def test_the_variables_are_those_that_the_templates_set(plan, target: str, changed: dict[str, Any]):
    processes = started_processes(deploy(**changed))
    (process,) = [each for each in processes if each.resource.stack == TARGETS[target]]
    of_template = {name: value for name, value in changed.items() if takes(target, name)}
    stage = plan(target=target, **of_template)
    names = budget_parameters(stage).values()
    declared = {name: process.declared[name] for name in names if name in process.declared}
    variables = budget_variables(stage)

    assert variables == {"WEBAPP_RUNTIME": process.declared["WEBAPP_RUNTIME"], **declared}


def test_the_variables_on_managed_instances_are_the_functions(plan):
    changed = MANAGED | {"Processes": 5, "MaxExecutionEnvironments": 7}
    (process,) = [each for each in started_processes(deploy(**changed)) if each.resource.stack == TARGETS["aws_lambda"]]
    stage = plan(**changed)
    names = {"WEBAPP_RUNTIME", *budget_parameters(stage).values()} & process.environ.keys()

    assert "AWS_LAMBDA_MAX_CONCURRENCY" in names
    assert budget_variables(stage) == {name: process.environ[name] for name in names}


@pytest.mark.parametrize("target", ["aws_app_runner", "aws_ecs", "aws_ecs_express"])
def test_containers_on_mariadb_count_asynchronous_views(ask, target: str):
    assert ask(CONNECTIONS, target=target, DatabaseSystem="mariadb") == []

    ((outlook, text, remedy),) = ask(CONNECTIONS, target=target, DatabaseSystem="mariadb", AsyncRequests=8)

    assert (outlook, "connections of each 25" in text) == ("doubtful", True), text
    assert remedy.endswith("or raise MaxConnections")


def takes(target: str, parameter: str) -> bool:
    return {
        "ReservedConcurrency": target == "aws_lambda",
        "MaxTasks": target in {"aws_ecs", "aws_ecs_express"},
        "MaxInstances": target == "aws_app_runner",
        "Workers": target != "aws_lambda",
    }[parameter]
