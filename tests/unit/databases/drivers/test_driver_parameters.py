"""The arguments of the drivers, from an entry of DATABASES."""

import os
from datetime import UTC, datetime
from pathlib import Path

import oracledb
import pytest
from django.db.utils import load_backend

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.mssql.mssql_shell import MssqlShell
from django_runtimes.databases.oracle.login_context import LoginContext
from django_runtimes.databases.oracle.oracle_shell import OracleShell


def entry_of(url: str, project=None) -> dict:
    environment = Environment({"DATABASE_URL": url} if url else {})
    project = project or {}
    entry = database_settings(environment, choose_profile(Runtime.AWS_ECS, environment, project), project)
    return {"AUTOCOMMIT": True, "TIME_ZONE": None, **entry}


def parameters_of(entry: dict) -> dict:
    return load_backend(entry["ENGINE"]).DatabaseWrapper(entry, "default").get_connection_params()


def test_oracles_name_is_a_service_that_is_reached_with_tls():
    parameters = parameters_of(entry_of("oracle://app:secret@db.example:2484/ORCL"))

    assert isinstance(parameters.pop("ssl_context"), LoginContext)
    assert parameters == {
        "user": "app",
        "password": "secret",
        "host": "db.example",
        "port": 2484,
        "service_name": "ORCL",
        "tcp_connect_timeout": 5,
        "retry_count": 0,
        "protocol": "tcps",
        "ssl_server_dn_match": True,
        "statement_timeout": 8,
    }


def test_a_projects_own_name_is_a_sid():
    project = {"ENGINE": "django.db.backends.oracle", "NAME": "XE", "HOST": "127.0.0.1", "PORT": "1521"}

    parameters = parameters_of(entry_of("", project | {"USER": "app", "PASSWORD": ""}))

    assert (parameters["sid"], parameters["protocol"]) == ("XE", "tcp")
    assert "service_name" not in parameters


def test_sql_servers_connection_string_verifies_the_server():
    parameters = parameters_of(entry_of("mssql://app:se;cret@db.example/shop"))

    options = parameters["entry"]["OPTIONS"]
    assert (parameters["user"], parameters["password"]) == ("app", "se;cret")
    assert parameters["entry"]["HOST"] == "db.example,1433"
    assert options["extra_params"] == (
        "Encrypt=yes;TrustServerCertificate=no;MARS_Connection=no;KeepAlive=2;KeepAliveInterval=1"
    )
    assert (options["connection_timeout"], options["query_timeout"], options["connection_retries"]) == (5, 8, 0)
    assert Path(options["driver"]).is_file()


def test_an_empty_port_is_the_default_of_sql_server():
    project = {"ENGINE": "mssql", "NAME": "shop", "HOST": "127.0.0.1", "PORT": "", "USER": "app", "PASSWORD": ""}

    assert parameters_of(entry_of("", project))["entry"]["HOST"] == "127.0.0.1,1433"


def test_a_projects_keywords_come_first():
    project = {"ENGINE": "mssql", "NAME": "shop", "HOST": "db", "USER": "app", "OPTIONS": {"extra_params": "APP=shop"}}

    parameters = parameters_of(entry_of("", project))

    assert parameters["entry"]["OPTIONS"]["extra_params"].startswith("APP=shop;Encrypt=")


@pytest.mark.parametrize("engine", ["oracle", "mssql"])
def test_a_child_process_keeps_its_parents_connection_unused(engine):
    wrapper = load_backend(f"django_runtimes.databases.{engine}").DatabaseWrapper(
        entry_of(f"{engine}://app@127.0.0.1/shop"), "default"
    )
    # It refuses every call, as closing would end the parent's session.
    wrapper.connection = object()

    child = os.fork()
    if child == 0:
        os._exit(0 if wrapper.connection is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wrapper.connection = None


def test_sql_servers_shell_gets_the_password_in_its_environment():
    arguments, environ = MssqlShell.settings_to_cmd_args_env(entry_of("mssql://app:secret@db.example/shop"), ["-b"])

    assert arguments == ["sqlcmd", "-S", "tcp:db.example,1433", "-U", "app", "-d", "shop", "-Nm", "-b"]
    assert environ == {"SQLCMDPASSWORD": "secret"}


def test_oracles_shell_connects_with_tls():
    assert OracleShell.connect_string(entry_of("oracle://app:secret@db.example:2484/ORCL")) == (
        'app/"secret"@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=db.example)(PORT=2484))'
        "(CONNECT_DATA=(SERVICE_NAME=ORCL))(SECURITY=(SSL_SERVER_DN_MATCH=ON)))"
    )


def test_oracles_shell_compares_names_only_as_the_application_does():
    address = OracleShell.connect_string(entry_of("oracle://app:secret@127.0.0.1:2484/ORCL?sslmode=verify-ca"))

    assert address.endswith("(SECURITY=(SSL_SERVER_DN_MATCH=OFF)))")


def test_oracles_shell_connects_to_the_sid_of_a_project():
    project = {"ENGINE": "django.db.backends.oracle", "NAME": "XE", "HOST": "::1", "PORT": "1521"}

    arguments, _ = OracleShell.settings_to_cmd_args_env(entry_of("", project | {"USER": "app", "PASSWORD": "x"}), [])

    assert arguments[-1] == (
        'app/"x"@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=::1)(PORT=1521))(CONNECT_DATA=(SID=XE)))'
    )


@pytest.mark.parametrize("host", ["db.example", "127.0.0.1", "::1"])
@pytest.mark.parametrize("engine", ["oracle", "django.db.backends.oracle"])
def test_the_driver_reads_the_shells_address_as_the_application_connects(engine, host):
    if engine == "oracle":
        entry = entry_of(f"oracle://app:secret@{f'[{host}]' if ':' in host else host}/shop")
    else:
        login = {"USER": "app", "PASSWORD": "secret"}
        entry = entry_of("", {"ENGINE": engine, "NAME": "shop", "HOST": host, "PORT": "1521", **login})
    used, read = parameters_of(entry), oracledb.ConnectParams()

    read.parse_connect_string(OracleShell.connect_string(entry).partition("@")[2])

    for name in ("host", "port", "protocol", "service_name", "sid"):
        assert getattr(read, name) == used.get(name), name


class Session:
    """A connection and its only cursor, as far as the beginning of a session uses them."""

    timeout = 0

    def __init__(self) -> None:
        self.statements: list[str] = []

    def getinfo(self, _number: int) -> str:
        return "libmsodbcsql-18.6.so"

    def cursor(self) -> "Session":
        return self

    def execute(self, statement: str, *_parameters: object) -> "Session":
        self.statements.append(statement)
        return self

    def fetchone(self) -> tuple[object, ...]:
        if "SERVERPROPERTY" in self.statements[-1]:
            return "16.0.4236.2", 3
        return (datetime(2026, 1, 1, tzinfo=UTC),)

    def close(self) -> None:
        """Do nothing."""


def test_sql_servers_iterators_read_all_rows(django_db_blocker):
    # mssql-django keeps the version of each alias for the life of the process.
    wrapper = load_backend("django_runtimes.databases.mssql").DatabaseWrapper(
        entry_of("mssql://app@127.0.0.1/shop"), "iterated"
    )
    wrapper.connection = session = Session()

    with django_db_blocker.unblock():
        wrapper.init_connection_state()

    assert "SET DATEFORMAT ymd; SET DATEFIRST 7" in session.statements
    assert not wrapper.features.can_use_chunked_reads
