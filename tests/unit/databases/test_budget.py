"""The arithmetic of the connection budget."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Pool
from django_runtimes.databases.budget import Comparison, connection_budget
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits
from django_runtimes.databases.mssql.mssql_engine import MSSQL
from django_runtimes.databases.mysql.administration.mysql_budget import MYSQL_BUDGET
from django_runtimes.databases.oracle.oracle_engine import ORACLE
from django_runtimes.databases.postgresql.postgresql_budget import POSTGRESQL_BUDGET

SERVER = ServerLimits(100, {"superuser_reserved_connections": 3, "reserved_connections": 0})
CONTAINERS = {"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_INSTANCES_MAX": "3", "WEBAPP_WORKERS": "2"}
FUNCTION = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_INSTANCES_MAX": "50", "WEBAPP_DB_ROUTE": "direct"}


def budget(
    environ: dict[str, str], server: ServerLimits | None = SERVER, connections: Connections | None = None
) -> tuple[Comparison, ...]:
    return connection_budget(environ, server, terms=POSTGRESQL_BUDGET, cpu_count=4, connections=connections)


def factors(comparison: Comparison) -> list[tuple[str, str, int | None]]:
    return [(term.sign, term.name, term.value) for term in comparison.needed.terms]


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


PROXIED = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_INSTANCES_MAX": "50", "WEBAPP_DB_PROXY_MAX_CONNECTIONS": "60"}


def test_the_application_must_fit_the_proxy_and_the_proxy_the_server():
    proxy, server = budget(PROXIED)

    assert (proxy.place, proxy.needed.value, proxy.available.value) == ("the proxy", 50, 60)
    assert (server.place, server.needed.value, server.available.value) == ("the server", 60 + 2 + 5, 97)
    assert proxy.holds
    assert server.holds


def test_a_proxy_must_leave_connections_for_operations():
    _, server = budget(PROXIED | {"WEBAPP_DB_PROXY_MAX_CONNECTIONS": "97"})

    assert not server.holds
    assert "lower the proxy's share" in server.remedy


def test_more_connections_than_the_proxy_has_would_wait():
    proxy, server = budget(PROXIED | {"WEBAPP_INSTANCES_MAX": "61"})

    assert not proxy.holds
    assert "fail after its borrow timeout" in proxy.remedy
    assert server.holds


def test_an_unknown_share_of_the_proxy_leaves_the_budget_unproven():
    environ = {name: value for name, value in PROXIED.items() if name != "WEBAPP_DB_PROXY_MAX_CONNECTIONS"}

    assert [comparison.holds for comparison in budget(environ)] == [False, False]


def test_variables_may_describe_an_unreachable_server():
    (comparison,) = budget(CONTAINERS | {"WEBAPP_DB_MAX_CONNECTIONS": "200"}, server=None)

    assert comparison.available.value == 197
    assert comparison.holds


def test_the_servers_answer_beats_the_variables():
    (comparison,) = budget(CONTAINERS | {"WEBAPP_DB_MAX_CONNECTIONS": "200"})

    assert comparison.available.value == 97


def test_a_budget_does_not_hold_without_the_servers_limits():
    (comparison,) = budget(CONTAINERS, server=None)

    assert not comparison.holds
    assert "set WEBAPP_DB_MAX_CONNECTIONS" in comparison.unknown[0].remedy


def test_connections_that_the_server_reserves_are_unavailable():
    reserved = {"superuser_reserved_connections": 3, "reserved_connections": 4, "rds_superuser_reserved_connections": 2}

    (comparison,) = budget(CONTAINERS, server=ServerLimits(100, reserved))

    assert comparison.available.value == 91


@pytest.mark.parametrize(
    ("kind", "operations", "needed"),
    [
        ("role", {"WEBAPP_DB_OPERATIONS_USER": "owner"}, 32),
        ("role", {"WEBAPP_DB_OPERATIONS_SECRET_ARN": "arn:aws:…"}, 32),
        ("role", {"WEBAPP_DB_OPERATIONS_USER": "webapp"}, 34),
        ("role", {}, 34),
        ("database", {"WEBAPP_DB_OPERATIONS_USER": "owner"}, 34),
        ("database", {}, 34),
    ],
)
def test_a_connection_limit_applies_to_its_role_or_database(kind, operations, needed):
    slots, limited = budget(
        CONTAINERS | {"WEBAPP_INSTANCES_MAX": "1"} | operations,
        server=ServerLimits(100, {}, (ConnectionLimit(kind, "webapp", needed - 1),)),
    )

    assert slots.holds
    assert (limited.place, limited.needed.value, limited.available.value) == (f"{kind} webapp", needed, needed - 1)
    assert not limited.holds


def test_the_databases_setting_beats_the_variables():
    (pool,) = budget(CONTAINERS, connections=Pool(max_size=60))
    (none,) = budget(CONTAINERS, connections=PerRequest())
    (as_declared,) = budget(CONTAINERS, connections=Pool())

    assert ("connections of each", 60, "DATABASES of the settings") in [
        (term.name, term.value, term.source) for term in pool.needed.terms
    ]
    assert ("x", "connections of each", 137) in factors(none)
    assert as_declared == budget(CONTAINERS)[0]


@pytest.mark.parametrize(
    "variables",
    [
        {"WEBAPP_INSTANCES_MAX": "0"},
        {"WEBAPP_INSTANCES_MAX": "many"},
        {"WEBAPP_DEPLOY_OVERLAP_PERCENT": "99"},
        {"WEBAPP_DB_RESERVED_CONNECTIONS": "-1"},
        {"WEBAPP_RUNTIME": "heroku"},
    ],
)
def test_a_variable_that_cannot_be_read_is_named(variables):
    with pytest.raises(ConfigurationError, match=f"^{next(iter(variables))}="):
        budget(CONTAINERS | variables)
