"""The entries of DATABASES for Oracle and SQL Server."""

import re

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import StoredSecret
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop"
ORACLE, MSSQL = "oracle://app:p%40ss@db.example/ORCL", "mssql://app:p%40ss@db.example/shop"
BOTH = pytest.mark.parametrize("url", [ORACLE, MSSQL])


def entry_of(url: str, runtime: Runtime = Runtime.AWS_ECS, project=None, **variables: str) -> dict:
    environment = Environment({"DATABASE_URL": url, **variables} if url else variables)
    return database_settings(environment, choose_profile(runtime, environment, project or {}), project or {})


def error_of(*arguments, **variables: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        entry_of(*arguments, **variables)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "engine", "port", "name"),
    [
        (ORACLE, "django_runtimes.databases.oracle", 1521, "ORCL"),
        (MSSQL, "django_runtimes.databases.mssql", 1433, "shop"),
    ],
)
def test_a_url_gives_the_address(url, engine, port, name):
    entry = entry_of(url)

    assert (entry["ENGINE"], entry["HOST"], entry["PORT"], entry["NAME"]) == (engine, "db.example", port, name)
    assert (entry["USER"], entry["PASSWORD"]) == ("app", "p@ss")


@pytest.mark.parametrize(("engine", "port"), [("oracle", 1521), ("mssql", 1433)])
def test_variables_give_the_address(engine, port):
    entry = entry_of("", WEBAPP_DB_ENGINE=engine, WEBAPP_DB_HOST="db.example", WEBAPP_DB_NAME="shop")

    assert (entry["ENGINE"], entry["PORT"]) == (f"django_runtimes.databases.{engine}", port)


def test_the_server_is_verified():
    assert entry_of(ORACLE)["OPTIONS"] == {
        "connect_timeout": 5,
        "statement_timeout": 8,
        "sslmode": "verify-full",
        "sslrootcert": str(PACKAGED_ROOTS[Route.DIRECT]),
    }
    assert entry_of(MSSQL)["OPTIONS"] == {
        "connect_timeout": 5,
        "statement_timeout": 8,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "sslmode": "verify-full",
    }


@BOTH
def test_a_server_on_this_machine_is_reached_without_tls(url):
    assert entry_of(url.replace("db.example", "127.0.0.1"))["OPTIONS"]["sslmode"] == "disable"


@BOTH
def test_plain_text_across_a_network_is_refused(url):
    assert "may send passwords and rows to db.example in plain text" in error_of(f"{url}?sslmode=disable")


@pytest.mark.parametrize(
    ("url", "mode", "known"),
    [
        (ORACLE, "prefer", "sslmode='prefer' does not exist for Oracle; choose one of: disable, require, verify-ca"),
        (MSSQL, "verify-ca", "sslmode='verify-ca' does not exist for SQL Server; choose one of: disable, require"),
    ],
)
def test_a_mode_that_the_driver_lacks_is_refused(url, mode, known):
    assert known in error_of(f"{url}?sslmode={mode}")
    assert known in error_of(url, WEBAPP_DB_SSLMODE=mode)


def test_roots_in_a_file_are_refused_for_a_driver_that_reads_none(tmp_path):
    given = {"WEBAPP_DB_ROOT_CERTIFICATES": str(tmp_path / "roots.pem")}

    assert entry_of(ORACLE, **given)["OPTIONS"]["sslrootcert"] == given["WEBAPP_DB_ROOT_CERTIFICATES"]
    assert "the driver of SQL Server reads root certificates from the system's store only" in error_of(MSSQL, **given)
    assert "option 'sslrootcert', which the engine for SQL Server does not know" in error_of(f"{MSSQL}?sslrootcert=a")


@BOTH
def test_the_login_of_a_secret(url):
    entry = entry_of(url, WEBAPP_DB_CREDENTIALS="secretsmanager", WEBAPP_DB_SECRET_ARN=ARN)

    assert isinstance(entry["CREDENTIALS"], StoredSecret)
    assert entry["PASSWORD"] == ""


@BOTH
@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"WEBAPP_DB_CREDENTIALS": "iam", "AWS_REGION": "eu-west-1"}, "RDS has no tokens for "),
        ({"WEBAPP_DB_ALWAYS_RESET": "1"}, "WEBAPP_DB_ALWAYS_RESET is set, but no session of "),
        ({"WEBAPP_DB_STRATEGY": "pool"}, "has no strategy pool; set WEBAPP_DB_STRATEGY to persistent or per_request"),
    ],
)
def test_what_these_engines_lack_is_refused(url, variables, message):
    assert message in error_of(url, **variables)


def test_routes():
    proxied = {"WEBAPP_DB_ROUTE": "proxy", "WEBAPP_DB_PROXY_HOST": "proxy.example"}

    entry = entry_of(MSSQL, **proxied)
    assert (entry["HOST"], entry["ROUTE"], entry["CONN_MAX_AGE"]) == ("proxy.example", Route.PROXY, 0)
    assert error_of(ORACLE, **proxied) == "oracle has no route proxy; set WEBAPP_DB_ROUTE to one of: direct"
    # The profile of Lambda has the proxy route, which Oracle lacks.
    entry = entry_of(ORACLE, Runtime.AWS_LAMBDA)
    assert (entry["HOST"], entry["ROUTE"], entry["CONN_MAX_AGE"]) == ("db.example", Route.DIRECT, 600)


@BOTH
def test_a_url_without_a_host_is_refused(url):
    assert "DATABASE_URL names no host" in error_of(url.replace("db.example", ""))


@BOTH
def test_an_unknown_option_is_refused(url):
    assert "has the option 'charset'" in error_of(f"{url}?charset=utf8")


def own(engine: str, **keys) -> dict:
    return {"ENGINE": engine, "NAME": "shop", "USER": "app", "PASSWORD": "secret"} | {
        "HOST": "db.example",
        "PORT": "2484",
        **keys,
    }


@pytest.mark.parametrize(
    ("engine", "chosen"),
    [("django.db.backends.oracle", "django_runtimes.databases.oracle"), ("mssql", "django_runtimes.databases.mssql")],
)
def test_a_projects_entry_gets_the_librarys_engine(engine, chosen):
    environment = Environment({})
    profile = choose_profile(Runtime.AWS_ECS, environment, own(engine))

    for entry in (
        database_settings(environment, profile, own(engine)),
        further_database_settings(environment, profile, own(engine)),
    ):
        assert (entry["ENGINE"], entry["OPTIONS"]["sslmode"], entry["CONN_MAX_AGE"]) == (chosen, "verify-full", 600)


@pytest.mark.parametrize("port", [{"PORT": ""}, {"PORT": None}, {}])
@pytest.mark.parametrize(
    ("engine", "number"), [("django_runtimes.databases.oracle", 1521), ("mssql", 1433)], ids=["oracle", "mssql"]
)
def test_an_empty_port_is_the_servers_default(engine, number, port):
    project = {name: value for name, value in own(engine).items() if name != "PORT"} | port
    environment = Environment({})
    profile = choose_profile(Runtime.AWS_ECS, environment, project)

    for entry in (
        database_settings(environment, profile, project),
        further_database_settings(environment, profile, project),
    ):
        assert entry["PORT"] == number


def test_a_projects_port_keeps_its_type():
    assert entry_of("", project=own("mssql"))["PORT"] == "2484"


def test_a_projects_name_of_oracle_stays_a_sid():
    project = own("django.db.backends.oracle")

    assert entry_of("", project=project)["OPTIONS"]["name_is_sid"] is True
    assert "name_is_sid" not in entry_of(ORACLE, project=project)["OPTIONS"]


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (
            own("django_runtimes.databases.oracle", HOST=""),
            "DATABASES names no HOST for Oracle; set HOST, PORT and NAME",
        ),
        (own("mssql", HOST=""), "DATABASES names no HOST for SQL Server; set HOST, PORT and NAME"),
        (own("django.db.backends.oracle", OPTIONS={"pool": True}), "OPTIONS has 'pool', which the engine"),
        (own("django.db.backends.oracle", OPTIONS={"protocol": "tcp"}), "OPTIONS has 'protocol', which would override"),
        (own("django.db.backends.oracle", OPTIONS={"dsn": "db"}), "OPTIONS has 'dsn', which would override"),
        (own("mssql", OPTIONS={"dsn": "shop"}), "OPTIONS has 'dsn', which would override"),
        (own("mssql", OPTIONS={"extra_params": "APP=a;mars_connection=yes"}), "'extra_params'] has mars_connection;"),
        (own("mssql", OPTIONS={"extra_params": "Encrypt=no;APP=shop"}), "OPTIONS['extra_params'] has Encrypt; remove"),
        (own("mssql", OPTIONS={"extra_params": "Trusted_Connection=yes"}), "has Trusted_Connection; remove"),
        (own("mssql", OPTIONS={"extra_params": "APP=a; authentication =x"}), "has authentication; remove"),
        (own("mssql", OPTIONS={"extra_params": "Failover_Partner=other"}), "has Failover_Partner; remove"),
        (own("mssql", OPTIONS={"extra_params": "HostnameInCertificate=x"}), "has HostnameInCertificate; remove"),
        (own("mssql", USER=""), "the login of SQL Server has no user; set USER and PASSWORD in DATABASES"),
        (own("django.db.backends.oracle", USER=""), "the login of Oracle has no user; set USER and PASSWORD"),
    ],
)
def test_a_projects_entry_that_cannot_be_kept_is_refused(project, message):
    assert message in error_of("", project=project)
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        further_database_settings(Environment({}), choose_profile(Runtime.AWS_ECS, Environment({})), project)


@BOTH
def test_a_url_without_a_user_is_refused_unless_a_secret_names_one(url):
    anonymous = url.replace("app:p%40ss@", "")
    secret = {"WEBAPP_DB_CREDENTIALS": "secretsmanager", "WEBAPP_DB_SECRET_ARN": ARN}

    assert "has no user" in error_of(anonymous)
    assert isinstance(entry_of(anonymous, **secret)["CREDENTIALS"], StoredSecret)


def test_options_of_another_address_or_driver_are_left_out():
    oracle = own("django.db.backends.oracle", OPTIONS={"protocol": "tcp", "stmtcachesize": 40})
    mssql = own("mssql", OPTIONS={"driver": "ODBC Driver 17 for SQL Server", "python_driver": "mssql_python"})

    assert entry_of(ORACLE, project=oracle)["OPTIONS"].keys() & {"protocol", "stmtcachesize"} == {"stmtcachesize"}
    assert not entry_of("", project=mssql)["OPTIONS"].keys() & {"driver", "python_driver"}


@pytest.mark.parametrize("address", [{"HOST": "", "PORT": ""}, {"HOST": "", "PORT": "1521"}, {"PORT": ""}])
def test_an_address_of_oracles_own_stays_with_djangos_engine(address):
    assert engine_of_project(own("django.db.backends.oracle", **address)) is None


def test_operations_have_no_limit_of_statements():
    entry = entry_of(MSSQL, WEBAPP_DB_ROLE="operations")

    assert "statement_timeout" not in entry["OPTIONS"]
    assert entry["OPTIONS"]["keepalives_idle"] == 30
