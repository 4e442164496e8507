"""The templates' defaults allow enough connections for everything that may run at once."""

import pytest

from django_runtimes.databases.budget import Comparison, connection_budget
from django_runtimes.databases.postgresql.postgresql_budget import POSTGRESQL_BUDGET
from tests.deploy.templates.analysis.processes import Process, started_processes
from tests.deploy.templates.analysis.stacks import deploy

pytestmark = pytest.mark.profile_free

SERVING = ["lambda/template.yaml", "apprunner/template.yaml", "ecs/fargate.yaml", "ecs/express.yaml"]


MANAGED = {"ManagedInstances": "yes", "MemoryMb": "4096"}


def process_of(template: str, **parameters: object) -> Process:
    (process,) = [process for process in started_processes(deploy(**parameters)) if process.resource.stack == template]
    return process


def budget_of(template: str, **parameters: object) -> tuple[Comparison, ...]:
    """Return the connection budget of a template; its variables replace the values that a server would report."""
    return connection_budget(process_of(template, **parameters).environ, None, terms=POSTGRESQL_BUDGET, cpu_count=1)


@pytest.mark.parametrize("engine", ["instance", "aurora"])
@pytest.mark.parametrize("template", SERVING)
def test_the_defaults_stay_within_the_connection_budget(template: str, engine: str):
    comparisons = budget_of(template, Engine=engine)

    assert [comparison.unknown for comparison in comparisons] == [()] * len(comparisons)
    assert all(comparison.holds for comparison in comparisons)


def test_managed_instances_stay_within_the_connection_budget():
    comparisons = budget_of("lambda/template.yaml", **MANAGED)

    # 3 environments, and as many during a deploy, have 4 processes with 3 connections each.
    assert [comparison.needed.value for comparison in comparisons][:1] == [72]
    assert all(comparison.holds for comparison in comparisons)


@pytest.mark.parametrize(
    ("template", "parameters"),
    [
        ("lambda/template.yaml", {"ReservedConcurrency": 81}),
        ("apprunner/template.yaml", {"MaxInstances": 6}),
        ("ecs/fargate.yaml", {"Workers": 2}),
        ("ecs/express.yaml", {"PoolMaxSize": 16}),
        ("lambda/template.yaml", MANAGED | {"Processes": 5}),
        ("lambda/template.yaml", MANAGED | {"MaxExecutionEnvironments": 4}),
    ],
)
def test_values_above_the_defaults_exceed_the_connection_budget(template: str, parameters: dict[str, object]):
    assert not all(comparison.holds for comparison in budget_of(template, **parameters))


@pytest.mark.parametrize("template", SERVING)
def test_instances_max_matches_the_services_own_limit(template: str):
    process = process_of(template)
    declared = int(process.declared["WEBAPP_INSTANCES_MAX"])
    properties = repr([resource.properties for resource in deploy().stacks[template].resources.values()])

    assert any(
        f"'{limit}': {declared}" in properties
        for limit in ("ReservedConcurrentExecutions", "MaxCapacity", "MaxSize", "MaxTaskCount")
    )


def test_the_proxys_share_matches_its_variable():
    deployment = deploy()
    (targets,) = deployment.stacks["foundation/proxy.yaml"].of_type("AWS::RDS::DBProxyTargetGroup")
    percent = targets.properties["ConnectionPoolConfigurationInfo"]["MaxConnectionsPercent"]

    variables = process_of("lambda/template.yaml").declared
    assert percent * int(variables["WEBAPP_DB_MAX_CONNECTIONS"]) / 100 == int(
        variables["WEBAPP_DB_PROXY_MAX_CONNECTIONS"]
    )


def test_max_connections_becomes_the_servers_parameter():
    for engine in ("instance", "aurora"):
        deployment = deploy(Engine=engine, MaxConnections=100)
        (parameters,) = deployment.stacks["foundation/database.yaml"].of_type(
            "AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"
        )

        assert parameters.properties["Parameters"]["max_connections"] == 100


def test_nothing_is_reserved_in_a_new_account():
    deployment = deploy(ReservedConcurrency=0, ReservedExecution="no")
    functions = [
        function
        for template in ("lambda/template.yaml", "operations/template.yaml")
        for function in deployment.stacks[template].of_type("AWS::Lambda::Function")
    ]

    assert [function.properties.get("ReservedConcurrentExecutions") for function in functions] == [None, None]
    # The proxy's connections limit the function's, and the budget counts them.
    assert process_of("lambda/template.yaml", ReservedConcurrency=0).declared["WEBAPP_INSTANCES_MAX"] == "80"


def test_operations_run_one_command_at_a_time():
    """The budget counts two connections for operations: the command's and the lock's."""
    (function,) = deploy().stacks["operations/template.yaml"].of_type("AWS::Lambda::Function")

    assert function.properties["ReservedConcurrentExecutions"] == 1
