"""How variables, strategy and route change DATABASES, and which keys keep the project's values."""

from typing import Any

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route
from tests.unit.adopt.projects import (
    DEPLOYED,
    decisions_for,
    default_database,
    postgresql,
    ready_project,
    settings_after,
)

URL = {"DATABASE_URL": DEPLOYED["DATABASE_URL"]}
PROXY = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "proxy.example"}


def reasons(entry: dict[str, Any], **environ: str) -> dict[str, str]:
    changes = decisions_for(ready_project(DATABASES={"default": entry}), **environ).changes
    return {change.path[-1]: change.reason for change in changes if change.name == "DATABASES"}


def test_the_url_replaces_the_address_and_keeps_the_rest():
    own = postgresql(
        ATOMIC_REQUESTS=True,
        AUTOCOMMIT=False,
        TIME_ZONE="Asia/Tokyo",
        DISABLE_SERVER_SIDE_CURSORS=True,
        TEST={"NAME": "testing", "MIGRATE": False},
        OPTIONS={"options": "-c search_path=shop", "isolation_level": 3},
    )

    entry = default_database(own, **URL)

    assert {name: entry[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "ENGINE": "django_runtimes.databases.postgresql",
        "NAME": "shop",
        "USER": "app",
        "PASSWORD": "secret",
        "HOST": "db.example",
        "PORT": 5433,
    }
    for name in ("ATOMIC_REQUESTS", "AUTOCOMMIT", "TIME_ZONE", "DISABLE_SERVER_SIDE_CURSORS", "TEST"):
        assert entry[name] is own[name]
    assert entry["OPTIONS"] | own["OPTIONS"] == entry["OPTIONS"]


def test_the_projects_own_address_is_kept():
    entry = default_database(postgresql(PORT="5444"))

    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == ("own.example", "5444", "own", "owner")
    assert entry["ENGINE"] == "django_runtimes.databases.postgresql"
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["pool"]["max_size"] == 8


def test_single_variables_change_single_parts_of_the_projects_address():
    entry = default_database(postgresql(), WEBAPP_DB_NAME="other", WEBAPP_DB_PASSWORD="other", WEBAPP_DB_PORT="5444")

    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("own.example", 5444, "other")
    assert (entry["USER"], entry["PASSWORD"]) == ("owner", "other")


@pytest.mark.parametrize(
    ("own", "variables", "timeout_s"),
    [
        ({}, {}, 5),
        ({"connect_timeout": 11}, {}, 11),
        ({"connect_timeout": 11}, {"WEBAPP_DB_CONNECT_TIMEOUT_S": "7"}, 7),
        ({"connect_timeout": 11}, {"DATABASE_URL": "postgresql://a@127.0.0.1/b?connect_timeout=3"}, "3"),
    ],
)
def test_the_url_beats_the_variable_which_beats_the_project(own, variables, timeout_s):
    assert default_database(postgresql(OPTIONS=own), **variables)["OPTIONS"]["connect_timeout"] == timeout_s


@pytest.mark.parametrize(
    ("own", "variables", "mode"),
    [
        ({"sslmode": "require"}, {}, "require"),
        ({"sslmode": "require"}, {"WEBAPP_DB_SSLMODE": "verify-full"}, "verify-full"),
        ({"sslmode": "require"}, {"DATABASE_URL": "postgresql://a@db.example/b?sslmode=verify-ca"}, "verify-ca"),
        ({}, {}, "verify-full"),
    ],
)
def test_an_sslmode_in_the_url_beats_the_variable(own, variables, mode):
    assert default_database(postgresql(OPTIONS=own), **variables)["OPTIONS"]["sslmode"] == mode


def test_the_url_may_contain_keys_of_django():
    url = "postgresql://app@db.example/shop?conn_max_age=600&ATOMIC_REQUESTS=True&autocommit=0&application_name=web"

    entry = default_database(postgresql(ATOMIC_REQUESTS=False), DATABASE_URL=url)
    adopted = decisions_for(ready_project(), DATABASE_URL=url).adopted

    assert (entry["ATOMIC_REQUESTS"], entry["AUTOCOMMIT"], entry["CONN_MAX_AGE"]) == (True, False, 0)
    assert entry["OPTIONS"]["application_name"] == "web"
    assert "conn_max_age" not in entry["OPTIONS"]
    assert adopted.ignored_variables == (("conn_max_age in DATABASE_URL", "the strategy is pool"),)


def test_an_invalid_flag_in_the_url_is_refused():
    with pytest.raises(ConfigurationError, match="has atomic_requests='maybe', which is not a flag"):
        default_database(postgresql(), DATABASE_URL="postgresql://app:secret@db.example/shop?atomic_requests=maybe")


def test_the_projects_root_certificates_do_not_verify_the_proxy():
    own = postgresql(OPTIONS={"sslrootcert": "/own/root.pem"})

    assert default_database(own)["OPTIONS"]["sslrootcert"] == "/own/root.pem"
    assert default_database(own, **PROXY)["OPTIONS"]["sslrootcert"].endswith("/roots/amazon.pem")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("pool", (0, True, True)), ("persistent", (600, True, False)), ("per_request", (0, False, False))],
)
def test_the_strategy_decides_how_connections_are_kept(strategy, expected):
    own = postgresql(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=False, OPTIONS={"pool": True})

    entry = default_database(own, WEBAPP_DB_STRATEGY=strategy)

    assert (entry["CONN_MAX_AGE"], entry["CONN_HEALTH_CHECKS"], "pool" in entry["OPTIONS"]) == expected
    assert reasons(own, WEBAPP_DB_STRATEGY=strategy)["CONN_MAX_AGE"] == (
        f"the strategy is {strategy} (WEBAPP_DB_STRATEGY is set)"
    )
    assert reasons(own)["CONN_MAX_AGE"] == "the strategy is pool (the profile of aws_ecs)"


@pytest.mark.parametrize(
    ("variables", "pool"),
    [
        ({}, {"min_size": 2, "max_size": 20, "timeout": 5, "max_waiting": 128}),
        ({"WEBAPP_DB_POOL_MAX_SIZE": "3"}, {"min_size": 1, "max_size": 3, "timeout": 5, "max_waiting": 128}),
        ({"WEBAPP_DB_POOL_TIMEOUT_S": "9"}, {"min_size": 2, "max_size": 20, "timeout": 9, "max_waiting": 128}),
        (PROXY | {"WEBAPP_DB_STRATEGY": "pool"}, {"min_size": 1, "max_size": 1, "timeout": 5, "max_waiting": 128}),
    ],
)
def test_the_projects_pool_keeps_values_that_no_variable_sets(variables, pool):
    assert (
        default_database(postgresql(OPTIONS={"pool": {"min_size": 2, "max_size": 20}}), **variables)["OPTIONS"]["pool"]
        == pool
    )


def test_the_route_decides_prepared_statements_and_cursors():
    entry = default_database(postgresql(), **PROXY)

    assert (entry["HOST"], entry["ROUTE"]) == ("proxy.example", Route.PROXY)
    assert entry["OPTIONS"]["prepare_threshold"] is None
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert reasons(postgresql(), **PROXY)["ROUTE"] == "the route is proxy (the profile of aws_lambda)"


def test_keys_for_another_engine_are_dropped():
    sqlite = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "db.sqlite3",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        "TEST": {"NAME": "test.sqlite3", "MIGRATE": False},
    }

    entry = default_database(sqlite, **URL)

    assert (entry["NAME"], entry["ATOMIC_REQUESTS"], entry["TEST"]) == ("shop", True, {"MIGRATE": False})
    assert not {"timeout", "transaction_mode"} & set(entry["OPTIONS"])
    assert reasons(sqlite, **URL)["transaction_mode"] == "it belongs to another address or another engine"


def test_options_that_would_override_the_url_are_dropped():
    own = postgresql(OPTIONS={"hostaddr": "192.0.2.1", "service": "own", "passfile": "/own", "application_name": "own"})

    assert default_database(own, **URL)["OPTIONS"]["application_name"] == "own"
    assert not {"hostaddr", "service", "passfile"} & set(default_database(own, **URL)["OPTIONS"])
    assert default_database(own)["OPTIONS"]["service"] == "own"


@pytest.mark.parametrize(
    ("engine", "url", "expected"),
    [
        ("django.db.backends.postgresql", "postgresql", "django_runtimes.databases.postgresql"),
        ("django.db.backends.postgresql", "postgis", "django_runtimes.databases.postgis"),
        ("django.contrib.gis.db.backends.postgis", "postgresql", "django_runtimes.databases.postgis"),
        ("django.db.backends.mysql", "postgresql", "django_runtimes.databases.postgresql"),
        ("django_tenants.postgresql_backend", "postgresql", "django_tenants.postgresql_backend"),
        ("psqlextra.backend", "postgresql", "psqlextra.backend"),
    ],
)
def test_only_djangos_engines_are_replaced(engine, url, expected):
    assert (
        default_database(postgresql(ENGINE=engine), DATABASE_URL=f"{url}://app@db.example/shop")["ENGINE"] == expected
    )


def test_a_project_without_a_default_database_keeps_none():
    databases = {"default": {}, "people": postgresql()}

    assert settings_after(ready_project(DATABASES=databases))["DATABASES"]["default"] is databases["default"]
    assert "DATABASES" not in decisions_for(ready_project(DATABASES={})).settings


def test_a_url_adds_the_missing_default_database():
    assert settings_after(ready_project(DATABASES={}), **URL)["DATABASES"]["default"]["NAME"] == "shop"


def test_the_operations_role_has_its_own_login_and_the_direct_route():
    entry = default_database(
        postgresql(CONN_MAX_AGE=60),
        **PROXY,
        WEBAPP_DB_ROLE="operations",
        WEBAPP_DB_OPERATIONS_USER="owner2",
        WEBAPP_DB_OPERATIONS_PASSWORD="0wner2",
    )

    assert (entry["HOST"], entry["USER"], entry["CONN_MAX_AGE"]) == ("own.example", "owner2", 0)


def test_the_web_role_defaults_to_the_projects_user():
    adopted = decisions_for(ready_project()).adopted

    assert adopted.web_role == "owner"
    assert adopted.read_web_login().password == "0wn"
    assert decisions_for(ready_project(), **URL).adopted.web_role == "app"


def test_the_operations_role_can_read_the_web_login():
    operations = {"WEBAPP_DB_OPERATIONS_USER": "boss", "WEBAPP_DB_OPERATIONS_PASSWORD": "b0ss"}

    adopted = decisions_for(ready_project(), WEBAPP_DB_ROLE="operations", **operations).adopted

    assert (adopted.web_role, adopted.read_web_login().password) == ("owner", "0wn")


def test_the_data_api_takes_the_place_of_the_address():
    cluster = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"
    given = {"WEBAPP_DB_ROUTE": "data_api", "WEBAPP_DB_CLUSTER_ARN": cluster, "WEBAPP_DB_SECRET_ARN": secret}

    explained = reasons(postgresql(HOST="db.example"), **given)

    route = "the route is data_api (WEBAPP_DB_ROUTE is set)"
    assert explained["ENGINE"] == f"the library's engine calls the service: {route}"
    assert explained["HOST"] == f"the service connects to the database: {route}"
    assert explained["cluster_arn"] == "WEBAPP_DB_CLUSTER_ARN is set"
    assert explained["secret_arn"] == "WEBAPP_DB_SECRET_ARN is set"
