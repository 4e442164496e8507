"""The arithmetic of the connection budget."""

import pytest

from django_runtimes.databases.budget import connection_budget
from django_runtimes.databases.mssql.mssql_engine import MSSQL
from django_runtimes.databases.mysql.administration.mysql_budget import MYSQL_BUDGET
from django_runtimes.databases.oracle.oracle_engine import ORACLE
from tests.unit.databases.budgets import CONTAINERS, FUNCTION, SERVER, budget, factors


def connections_of_a_process(environ: dict[str, str]) -> int | None:
    return next(
        term.value for comparison in budget(environ) for term in comparison.needed.terms
        if term.name == "connections of each"
    )  # fmt: skip


def test_containers_need_a_pool_for_each_worker_of_each_instance():
    (comparison,) = budget(CONTAINERS)

    assert [(term.sign, term.name, term.value, term.source) for term in comparison.needed.terms] == [
        ("", "instances", 3, "WEBAPP_INSTANCES_MAX"),
        ("+", "more during a deploy (200 %)", 3, "default"),
        ("x", "processes of each", 2, "WEBAPP_WORKERS"),
        ("x", "connections of each", 8, "default of the pool"),
        ("+", "operations", 2, "a command and its lock"),
        ("+", "administrator's reserve", 5, "default"),
    ]
    assert comparison.needed.value == 6 * 2 * 8 + 2 + 5
    assert comparison.available.value == 97
    assert not comparison.holds


def test_the_remedy_names_the_pool_only_where_there_is_one():
    environ = CONTAINERS | {"WEBAPP_DB_STRATEGY": "persistent"}

    (postgresql,) = budget(environ)
    (mysql,) = connection_budget(environ, SERVER, terms=MYSQL_BUDGET, cpu_count=4)

    assert "WEBAPP_DB_STRATEGY=pool" in postgresql.remedy
    assert mysql.remedy == (
        "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS, WEBAPP_THREADS or WEBAPP_ASYNC_REQUESTS, raise max_connections, "
        "or connect through a proxy (WEBAPP_DB_ROUTE=proxy)"
    )


@pytest.mark.parametrize(
    ("engine", "ways"),
    [
        (ORACLE, "WEBAPP_THREADS or WEBAPP_ASYNC_REQUESTS, or raise max_connections"),
        (MSSQL, "raise max_connections, or connect through a proxy (WEBAPP_DB_ROUTE=proxy)"),
    ],
)
def test_a_server_whose_limit_is_not_read(engine, ways):
    environ = CONTAINERS | {"WEBAPP_DB_ENGINE": engine.sql_engine}

    (unknown,) = connection_budget(environ, None, terms=engine.budget_terms, cpu_count=4)
    (known,) = connection_budget(
        environ | {"WEBAPP_DB_MAX_CONNECTIONS": "10000"}, None, terms=engine.budget_terms, cpu_count=4
    )

    assert [term.remedy for term in unknown.unknown] == [
        "set WEBAPP_DB_MAX_CONNECTIONS to the number of sessions that the server accepts"
    ]
    assert known.holds
    assert known.remedy.endswith(ways)


def test_the_budget_holds_up_to_the_exact_limit():
    exactly = CONTAINERS | {"WEBAPP_INSTANCES_MAX": "1", "WEBAPP_DB_POOL_MAX_SIZE": "20", "WEBAPP_WORKERS": "2",
                            "WEBAPP_DB_RESERVED_CONNECTIONS": "15"}  # fmt: skip

    (fits,) = budget(exactly)
    (too_many,) = budget(exactly | {"WEBAPP_DB_RESERVED_CONNECTIONS": "16"})

    assert (fits.needed.value, fits.holds) == (97, True)
    assert (too_many.needed.value, too_many.holds) == (98, False)


def test_workers_default_to_the_cpus():
    environ = {name: value for name, value in CONTAINERS.items() if name != "WEBAPP_WORKERS"}

    (comparison,) = budget(environ)

    assert ("x", "processes of each", 4) in factors(comparison)


@pytest.mark.parametrize(("percent", "more"), [("100", []), ("125", [1]), ("150", [2]), ("200", [3])])
def test_a_fraction_of_an_instance_is_rounded_up_in_a_deploy(percent, more):
    (comparison,) = budget(CONTAINERS | {"WEBAPP_DEPLOY_OVERLAP_PERCENT": percent})

    assert [value for _, name, value in factors(comparison) if name.startswith("more during")] == more


def test_an_unknown_number_of_instances_leaves_the_budget_unproven():
    (comparison,) = budget({"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_WORKERS": "1"})

    assert comparison.needed.value is None
    assert not comparison.holds
    assert comparison.unknown[0].remedy == (
        "set WEBAPP_INSTANCES_MAX to the number of instances that the service may start"
    )


def test_local_runs_one_instance_and_no_deploy():
    (comparison,) = budget({"WEBAPP_WORKERS": "1"})

    assert factors(comparison)[:3] == [
        ("", "instances", 1),
        ("x", "processes of each", 1),
        ("x", "connections of each", 8),
    ]


@pytest.mark.parametrize("strategy", ["per_request", "persistent"])
def test_without_a_pool_each_thread_view_and_stream_may_connect(strategy):
    assert connections_of_a_process(CONTAINERS | {"WEBAPP_DB_STRATEGY": strategy}) == 8 + 64 + 64 + 1
    assert (
        connections_of_a_process(CONTAINERS | {"WEBAPP_DB_STRATEGY": strategy, "WEBAPP_THREADS": "2"})
        == 2 + 16 + 16 + 1
    )


def test_a_variable_bounds_async_views_and_streams():
    few = CONTAINERS | {"WEBAPP_DB_STRATEGY": "per_request", "WEBAPP_ASYNC_REQUESTS": "3"}

    assert connections_of_a_process(few) == 8 + 3 + 3 + 1


def test_more_threads_do_not_make_the_pool_larger():
    assert connections_of_a_process(CONTAINERS | {"WEBAPP_THREADS": "20"}) == 8


def test_reserved_concurrency_bounds_a_function_during_a_deploy_too():
    (comparison,) = budget(FUNCTION)

    assert factors(comparison) == [
        ("", "execution environments", 50),
        ("x", "processes of each", 1),
        ("x", "connections of each", 1),
        ("+", "operations", 2),
        ("+", "administrator's reserve", 5),
    ]
    assert comparison.holds


def test_frozen_environments_of_the_old_version_keep_their_pools():
    (comparison,) = budget(FUNCTION | {"WEBAPP_DB_STRATEGY": "pool"})

    assert factors(comparison)[:4] == [
        ("", "execution environments", 50),
        ("+", "more during a deploy (200 %)", 50),
        ("x", "processes of each", 1),
        ("x", "connections of each", 1),
    ]


def test_an_execution_environment_keeps_a_connection_per_thread():
    assert connections_of_a_process(FUNCTION | {"WEBAPP_DB_STRATEGY": "persistent"}) == 3


MANAGED = FUNCTION | {"WEBAPP_INSTANCES_MAX": "4", "AWS_LAMBDA_MAX_CONCURRENCY": "10"}


def test_managed_instances_are_multiplied_by_their_processes():
    (comparison,) = budget(MANAGED)

    assert factors(comparison)[:4] == [
        ("", "execution environments", 4),
        ("+", "more during a deploy (200 %)", 4),
        ("x", "processes of each", 10),
        ("x", "connections of each", 3),
    ]
    assert comparison.needed.value == (4 + 4) * 10 * 3 + 2 + 5
    assert comparison.remedy.startswith(
        "lower the function's MaxExecutionEnvironments, with WEBAPP_INSTANCES_MAX, or its processes"
    )


def test_no_reservation_limits_both_versions_of_managed_instances():
    (comparison,) = budget(MANAGED | {"AWS_LAMBDA_MAX_CONCURRENCY": "1", "WEBAPP_DB_STRATEGY": "per_request"})

    assert comparison.needed.value == (4 + 4) * 1 * 1 + 2 + 5


def test_managed_instances_without_a_limit_are_unbounded():
    environ = {name: value for name, value in MANAGED.items() if name != "WEBAPP_INSTANCES_MAX"}
    (comparison,) = budget(environ)

    assert not comparison.holds
    assert comparison.unknown[0].remedy == (
        "set the function's MaxExecutionEnvironments, and WEBAPP_INSTANCES_MAX to the same number"
    )


def test_a_function_without_reserved_concurrency_is_unbounded():
    (comparison,) = budget({"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"})

    assert not comparison.holds
    assert comparison.unknown[0].remedy == (
        "reserve concurrency for the function and set WEBAPP_INSTANCES_MAX to the same number"
    )
