"""The entries of DATABASES for MySQL and MariaDB."""

import ssl

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Persistent, Route
from django_runtimes.config.values.runtime import Runtime

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop"
OWN = {
    "ENGINE": "django.db.backends.mysql",
    "NAME": "shop",
    "USER": "app",
    "PASSWORD": "secret",
    "HOST": "db.example",
    "OPTIONS": {"charset": "utf8mb4", "ssl_mode": "VERIFY_CA", "ssl": {"ca": "/etc/roots.pem"}},
}


def entry_of(runtime: Runtime, project=None, **variables: str) -> dict:
    environment = Environment(variables)
    project = project or {}
    return database_settings(environment, choose_profile(runtime, environment, project), project)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_a_url_gives_the_address(scheme):
    entry = entry_of(Runtime.AWS_ECS, DATABASE_URL=f"{scheme}://app:p%40ss%2Fw@db.example:3307/shop?charset=utf8mb4")

    assert entry["ENGINE"] == "django_runtimes.databases.mysql"
    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == ("db.example", 3307, "shop", "app")
    assert entry["PASSWORD"] == "p@ss/w"
    assert entry["OPTIONS"]["charset"] == "utf8mb4"


def test_variables_give_the_address():
    entry = entry_of(Runtime.AWS_ECS, WEBAPP_DB_ENGINE="mysql", WEBAPP_DB_HOST="db.example", WEBAPP_DB_NAME="shop")

    assert entry["ENGINE"] == "django_runtimes.databases.mysql"
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example", 3306, "shop")


def test_a_socket_is_a_percent_encoded_host():
    entry = entry_of(Runtime.AWS_ECS, DATABASE_URL="mysql://app@%2Frun%2Fmysqld.sock/shop")

    assert entry["HOST"] == "/run/mysqld.sock"
    assert entry["OPTIONS"]["sslmode"] == "prefer"


def test_a_container_keeps_a_connection_for_each_thread():
    entry = entry_of(Runtime.AWS_ECS, DATABASE_URL="mysql://app@db.example/shop")

    assert (entry["CONN_MAX_AGE"], entry["CONN_HEALTH_CHECKS"], entry["ROUTE"]) == (600, True, Route.DIRECT)
    assert "pool" not in entry["OPTIONS"]


def test_a_function_connects_per_request_through_the_proxy():
    entry = entry_of(
        Runtime.AWS_LAMBDA, DATABASE_URL="mysql://app@db.example/shop", WEBAPP_DB_PROXY_HOST="proxy.example"
    )

    assert (entry["HOST"], entry["PORT"]) == ("proxy.example", 3306)
    assert (entry["CONN_MAX_AGE"], entry["MAX_REST_S"], entry["ROUTE"]) == (0, 5.0, Route.PROXY)
    assert entry["OPTIONS"]["sslrootcert"] == str(PACKAGED_ROOTS[Route.PROXY])


def test_the_server_is_verified_across_a_network():
    options = entry_of(Runtime.AWS_ECS, DATABASE_URL="mysql://app@db.example/shop")["OPTIONS"]

    assert options["sslmode"] == "verify-full"
    assert options["sslrootcert"] == str(PACKAGED_ROOTS[Route.DIRECT])


def test_only_direct_web_sessions_set_limits():
    limits = {"statement_timeout": 8, "idle_transaction_timeout": 5}
    url = "mysql://app@db.example/shop"
    direct = entry_of(Runtime.AWS_ECS, DATABASE_URL=url)["OPTIONS"]
    proxied = entry_of(Runtime.AWS_LAMBDA, DATABASE_URL=url, WEBAPP_DB_PROXY_HOST="proxy.example")["OPTIONS"]
    operations = entry_of(Runtime.AWS_ECS, DATABASE_URL=url, WEBAPP_DB_ROLE="operations")["OPTIONS"]

    assert direct | limits == direct
    assert not limits.keys() & proxied.keys()
    assert not limits.keys() & operations.keys()


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("sslmode=require", "require"),
        ("ssl-mode=REQUIRED", "require"),
        ("ssl_mode=VERIFY_IDENTITY", "verify-full"),
        ("ssl-mode=VERIFY_CA", "verify-ca"),
    ],
)
def test_tls_has_the_names_of_mysql_too(written, mode):
    options = entry_of(Runtime.AWS_ECS, DATABASE_URL=f"mysql://app@db.example/shop?{written}")["OPTIONS"]

    assert options["sslmode"] == mode


def test_a_url_names_root_certificates():
    url = "mysql://app@db.example/shop?ssl-ca=%2Fetc%2Froots.pem"

    assert entry_of(Runtime.AWS_ECS, DATABASE_URL=url)["OPTIONS"]["sslrootcert"] == "/etc/roots.pem"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DATABASE_URL": "mysql://app@db.example/shop?sslmode=maybe"}, "sslmode='maybe' (DATABASE_URL) is unknown"),
        ({"DATABASE_URL": "mysql://app@db.example/shop?compress=1"}, "has the option 'compress', which MySQL's engine"),
        ({"DATABASE_URL": "mysql://app@db.example/shop?connect_timeout=soon"}, "connect_timeout='soon', which is not"),
        ({"DATABASE_URL": "mysql://app@db.example/shop?ssl-key=/etc/key.pem"}, "sslkey is set without sslcert, the"),
        ({"DATABASE_URL": "mysql://app@db.example"}, "names no database"),
        ({"DATABASE_URL": "mysql://app@a.example,b.example/shop"}, "names several servers"),
        ({"DATABASE_URL": "mysql://app@db.example:0/shop"}, "a port that is not a number from 1 to 65535"),
        ({"DATABASE_URL": "mysql://app@db.example/shop?sslmode=disable"}, "may send passwords and rows to db.example"),
        (
            {"DATABASE_URL": "mysql://app@db.example/shop", "WEBAPP_DB_STRATEGY": "pool"},
            "the route direct of mysql has no strategy pool; set WEBAPP_DB_STRATEGY to persistent or per_request",
        ),
        (
            {"DATABASE_URL": "mysql://app@db.example/shop", "WEBAPP_DB_ROUTE": "data_api"},
            "mysql has no route data_api; set WEBAPP_DB_ROUTE to one of: direct, proxy",
        ),
        (
            {"WEBAPP_DB_ENGINE": "db2", "WEBAPP_DB_HOST": "db.example"},
            "WEBAPP_DB_ENGINE='db2' is not a database engine; choose one of: dsql, mssql, mysql, oracle, postgresql",
        ),
    ],
)
def test_what_cannot_work_is_refused(variables, message):
    with pytest.raises(ConfigurationError) as refused:
        entry_of(Runtime.AWS_ECS, **variables)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://app:hunter2/x@db.example/shop", "mysql://app:hunter2@x@db.example/shop", "mysql://app:hunter2@[::1/shop"],
)
def test_a_malformed_url_is_refused_without_its_password(url):
    with pytest.raises(ConfigurationError, match="write mysql://user:password@host:port/name") as refused:
        entry_of(Runtime.AWS_ECS, DATABASE_URL=url)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "%2Frun%2Fmysqld.sock"])
def test_a_token_is_refused_without_tls_even_on_this_machine(host):
    with pytest.raises(ConfigurationError, match="may send the token of WEBAPP_DB_CREDENTIALS=iam in plain text"):
        entry_of(
            Runtime.AWS_ECS,
            DATABASE_URL=f"mysql://app@{host}/shop",
            WEBAPP_DB_CREDENTIALS="iam",
            AWS_REGION="eu-west-1",
        )


def test_the_projects_own_entry_is_kept():
    entry = entry_of(Runtime.AWS_ECS, OWN | {"ATOMIC_REQUESTS": True})

    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["PASSWORD"]) == ("db.example", 3306, "shop", "secret")
    assert (entry["ATOMIC_REQUESTS"], entry["CONN_MAX_AGE"]) == (True, 600)
    options = entry["OPTIONS"]
    assert (options["charset"], options["sslmode"], options["sslrootcert"]) == (
        "utf8mb4",
        "verify-ca",
        "/etc/roots.pem",
    )


def test_a_projects_own_context_is_kept():
    context = ssl.create_default_context()
    options = entry_of(Runtime.AWS_ECS, OWN | {"OPTIONS": {"ssl": context}})["OPTIONS"]

    assert options["ssl"] is context
    assert options["sslmode"] == "require"


def test_a_further_database_beside_postgresql():
    environment = Environment({"DATABASE_URL": "postgresql://app@db.example/shop"})
    profile = choose_profile(Runtime.AWS_ECS, environment)
    entry = further_database_settings(environment, profile, OWN)

    assert (entry["ENGINE"], entry["HOST"]) == ("django_runtimes.databases.mysql", "db.example")
    assert entry["CONN_MAX_AGE"] == Persistent().max_age_s


def test_a_secret_replaces_the_password():
    entry = entry_of(
        Runtime.AWS_ECS,
        DATABASE_URL="mysql://app:old@db.example/shop",
        WEBAPP_DB_CREDENTIALS="secretsmanager",
        WEBAPP_DB_SECRET_ARN=ARN,
    )

    assert (entry["CREDENTIALS"].arn, entry["PASSWORD"]) == (ARN, "")
