"""The limits that the connection budget is compared with: the proxy's, the server's and the roles'."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import PerRequest, Pool
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits
from tests.unit.databases.budgets import CONTAINERS, budget, factors

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
