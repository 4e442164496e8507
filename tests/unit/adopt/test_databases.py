"""How variables, strategy and route change DATABASES, and which keys keep the project's values."""

from typing import Any

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, decisions_for, postgresql, ready_project, settings_after

URL = {"DATABASE_URL": DEPLOYED["DATABASE_URL"]}
PROXY = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "proxy.example"}


def default(entry: dict[str, Any], **environ: str) -> dict[str, Any]:
    return settings_after(ready_project(DATABASES={"default": entry}), **environ)["DATABASES"]["default"]


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

    entry = default(own, **URL)

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
    entry = default(postgresql(PORT="5444"))

    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == ("own.example", "5444", "own", "owner")
    assert entry["ENGINE"] == "django_runtimes.databases.postgresql"
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["pool"]["max_size"] == 8


def test_single_variables_change_single_parts_of_the_projects_address():
    entry = default(postgresql(), WEBAPP_DB_NAME="other", WEBAPP_DB_PASSWORD="other", WEBAPP_DB_PORT="5444")

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
    assert default(postgresql(OPTIONS=own), **variables)["OPTIONS"]["connect_timeout"] == timeout_s


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
    assert default(postgresql(OPTIONS=own), **variables)["OPTIONS"]["sslmode"] == mode


def test_the_url_may_contain_keys_of_django():
    url = "postgresql://app@db.example/shop?conn_max_age=600&ATOMIC_REQUESTS=True&autocommit=0&application_name=web"

    entry = default(postgresql(ATOMIC_REQUESTS=False), DATABASE_URL=url)
    adopted = decisions_for(ready_project(), DATABASE_URL=url).adopted

    assert (entry["ATOMIC_REQUESTS"], entry["AUTOCOMMIT"], entry["CONN_MAX_AGE"]) == (True, False, 0)
    assert entry["OPTIONS"]["application_name"] == "web"
    assert "conn_max_age" not in entry["OPTIONS"]
    assert adopted.ignored_variables == (("conn_max_age in DATABASE_URL", "the strategy is pool"),)


def test_an_invalid_flag_in_the_url_is_refused():
    with pytest.raises(ConfigurationError, match="has atomic_requests='maybe', which is not a flag"):
        default(postgresql(), DATABASE_URL="postgresql://app:secret@db.example/shop?atomic_requests=maybe")


def test_the_projects_root_certificates_do_not_verify_the_proxy():
    own = postgresql(OPTIONS={"sslrootcert": "/own/root.pem"})

    assert default(own)["OPTIONS"]["sslrootcert"] == "/own/root.pem"
    assert default(own, **PROXY)["OPTIONS"]["sslrootcert"].endswith("/roots/amazon.pem")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("pool", (0, True, True)), ("persistent", (600, True, False)), ("per_request", (0, False, False))],
)
def test_the_strategy_decides_how_connections_are_kept(strategy, expected):
    own = postgresql(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=False, OPTIONS={"pool": True})

    entry = default(own, WEBAPP_DB_STRATEGY=strategy)

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
        default(postgresql(OPTIONS={"pool": {"min_size": 2, "max_size": 20}}), **variables)["OPTIONS"]["pool"] == pool
    )


def test_the_route_decides_prepared_statements_and_cursors():
    entry = default(postgresql(), **PROXY)

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

    entry = default(sqlite, **URL)

    assert (entry["NAME"], entry["ATOMIC_REQUESTS"], entry["TEST"]) == ("shop", True, {"MIGRATE": False})
    assert not {"timeout", "transaction_mode"} & set(entry["OPTIONS"])
    assert reasons(sqlite, **URL)["transaction_mode"] == "it belongs to another address or another engine"


def test_options_that_would_override_the_url_are_dropped():
    own = postgresql(OPTIONS={"hostaddr": "192.0.2.1", "service": "own", "passfile": "/own", "application_name": "own"})

    assert default(own, **URL)["OPTIONS"]["application_name"] == "own"
    assert not {"hostaddr", "service", "passfile"} & set(default(own, **URL)["OPTIONS"])
    assert default(own)["OPTIONS"]["service"] == "own"


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
    assert default(postgresql(ENGINE=engine), DATABASE_URL=f"{url}://app@db.example/shop")["ENGINE"] == expected


def test_a_replica_gets_engine_strategy_tls_and_timeouts():
    replica = postgresql(HOST="replica.example", TEST={"MIRROR": "default"}, CONN_MAX_AGE=60)

    entry = settings_after(ready_project(DATABASES={"default": postgresql(), "replica": replica}), **URL)["DATABASES"][
        "replica"
    ]

    assert (entry["HOST"], entry["USER"], entry["PASSWORD"]) == ("replica.example", "owner", "0wn")
    assert (entry["ENGINE"], entry["CONN_MAX_AGE"]) == ("django_runtimes.databases.postgresql", 0)
    assert (entry["OPTIONS"]["sslmode"], entry["OPTIONS"]["connect_timeout"]) == ("verify-full", 5)
    assert entry["OPTIONS"]["pool"]["max_size"] == 8
    assert entry["TEST"] is replica["TEST"]


@pytest.mark.parametrize(
    ("host", "port", "route"),
    [
        ("replica.example", "", Route.DIRECT),
        ("shop.proxy-abc123.eu-central-1.rds.amazonaws.com", "", Route.PROXY),
        ("shop.endpoint.proxy-abc123.eu-central-1.rds.amazonaws.com", "", Route.PROXY),
        ("shop.proxy-abc123.rds.cn-north-1.amazonaws.com.cn", "", Route.PROXY),
        ("Proxy.example", "", Route.PROXY),
        ("proxy.example", "6432", Route.DIRECT),
    ],
)
def test_a_replica_behind_rds_proxy_is_detected_by_its_host(host, port, route):
    project = ready_project(DATABASES={"default": postgresql(), "replica": postgresql(HOST=host, PORT=port)})

    entry = settings_after(project, **ON_LAMBDA)["DATABASES"]["replica"]

    assert (entry["ROUTE"], entry["DISABLE_SERVER_SIDE_CURSORS"]) == (route, route is Route.PROXY)


def test_a_postgis_replica_gets_the_postgis_engine():
    replica = postgresql(ENGINE="django.contrib.gis.db.backends.postgis")

    databases = settings_after(ready_project(DATABASES={"default": postgresql(), "replica": replica}))["DATABASES"]

    assert databases["replica"]["ENGINE"] == "django_runtimes.databases.postgis"


def test_a_project_without_a_default_database_keeps_none():
    databases = {"default": {}, "people": postgresql()}

    assert settings_after(ready_project(DATABASES=databases))["DATABASES"]["default"] is databases["default"]
    assert "DATABASES" not in decisions_for(ready_project(DATABASES={})).settings


def test_a_url_adds_the_missing_default_database():
    assert settings_after(ready_project(DATABASES={}), **URL)["DATABASES"]["default"]["NAME"] == "shop"


def test_the_operations_role_has_its_own_login_and_the_direct_route():
    entry = default(
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


LOCAL_URL = "postgresql://a@127.0.0.1:5433/b"


def further(url: str, **entry: Any) -> dict[str, Any]:
    databases = {"default": postgresql(), "replica": postgresql(PORT="5433", **entry)}
    return settings_after(ready_project(DATABASES=databases), DATABASE_URL=url)["DATABASES"]["replica"]["OPTIONS"]


@pytest.mark.parametrize(
    ("url", "host", "mode"),
    [
        (f"{LOCAL_URL}?sslmode=prefer", "localhost", "prefer"),
        (LOCAL_URL, "localhost", "require"),
        (f"{LOCAL_URL.replace('5433', '5434')}?sslmode=prefer", "localhost", "require"),
        (f"{LOCAL_URL}?sslmode=prefer", "replica.example", "require"),
        ("postgresql://a@db.example:5433/b?sslmode=verify-ca", "db.example", "require"),
    ],
)
def test_the_urls_sslmode_applies_to_other_databases_of_its_server(url, host, mode):
    assert further(url, HOST=host, OPTIONS={"sslmode": "require"})["sslmode"] == mode


def test_an_address_in_the_options_means_another_server():
    options = {"sslmode": "require", "hostaddr": "192.0.2.2"}

    assert further(f"{LOCAL_URL}?sslmode=prefer", HOST="localhost", OPTIONS=options)["sslmode"] == "require"


def test_options_that_need_tls_are_dropped_where_tls_is_optional():
    demand = {
        "sslmode": "verify-full",
        "sslrootcert": "system",
        "channel_binding": "require",
        "gssencmode": "require",
        "sslcertmode": "require",
    }

    for url, kept in ((f"{LOCAL_URL}?sslmode=prefer", False), (LOCAL_URL, True)):
        entry = default(postgresql(OPTIONS=demand), DATABASE_URL=url)
        assert set(demand) & set(entry["OPTIONS"]) == (set(demand) if kept else {"sslmode"})


def test_options_that_only_prefer_encryption_are_kept():
    own = {"gssencmode": "prefer", "sslcertmode": "allow"}
    entry = default(postgresql(OPTIONS=own), DATABASE_URL=f"{LOCAL_URL}?sslmode=prefer")

    assert own.items() <= entry["OPTIONS"].items()


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
