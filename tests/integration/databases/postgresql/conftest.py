"""Opens databases with this library's engine and the strategy that a test chooses."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from django_runtimes.aws import https_pool
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.postgresql.base import DatabaseWrapper
from tests.integration.databases.postgresql.connections.foreign_threads import POOL_SIZE
from tests.integration.databases.postgresql.tls_server import TlsServer, tls_server
from tests.prerequisites import require_geodjango, require_postgis
from tests.secrets_manager import SecretsManager, secrets_manager

_numbers = itertools.count()
# The server may stand still for some seconds while it accepts a connection.
_PATIENCE = {"WEBAPP_DB_CONNECT_TIMEOUT_S": "60", "WEBAPP_DB_POOL_TIMEOUT_S": "60"}

OpenDatabase = Callable[..., DatabaseWrapper]


# These modules test an engine; the others test the code around it.
_ENGINE_TEST_MODULES = {
    "test_connection_objects",
    "test_fork",
    "test_outlived",
    "test_pool",
    "test_resets",
    "test_rest",
    "test_secretsmanager",
    "test_session_state",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the modules above with GeoDjango's engine too, on a server without PostGIS."""
    if metafunc.module.__name__.rpartition(".")[2] in _ENGINE_TEST_MODULES and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ["postgresql", "postgis"])


@pytest.fixture
def engine() -> str:
    """The scheme of DATABASE_URL."""
    return "postgresql"


@pytest.fixture
def open_database(engine, django_db_blocker) -> Iterator[OpenDatabase]:
    """Creates wrappers from variables, as the settings do; `changes` updates the DATABASES entry."""
    # pytest-django blocks queries to protect the application's database, but these are other databases.
    if engine == "postgis":
        require_geodjango()
    with django_db_blocker.unblock(), ExitStack() as opened:

        def make(url: str, *, runtime: Runtime = Runtime.AWS_ECS, changes: dict | None = None, **environ: str):
            url = url.replace("postgresql://", f"{engine}://", 1)
            environment = Environment({"DATABASE_URL": url, **_PATIENCE, **environ})
            entry = {**database_settings(environment, choose_profile(runtime, environment)), **(changes or {})}
            # Pools are kept by alias, and the application's alias is "default".
            alias = f"engine_{next(_numbers)}"
            wrapper = ConnectionHandler({"default": {}, alias: entry})[alias]
            opened.callback(close, wrapper)
            return wrapper

        yield make


@pytest.fixture(params=["pool", "persistent"])
def wrapper(request, database_server, open_database):
    """A wrapper whose requests share one connection of the superuser."""
    wrapper = open_database(
        database_server.administration_url,
        WEBAPP_DB_STRATEGY=request.param,
        **({"WEBAPP_DB_POOL_MAX_SIZE": "1"} if request.param == "pool" else {}),
    )
    connections[wrapper.alias] = wrapper
    yield wrapper
    del connections[wrapper.alias]


@pytest.fixture
def alias(database_server, open_database) -> Iterator[str]:
    """An alias of django.db.connections with a pool of two; each thread has its own wrapper for it."""
    wrapper = open_database(database_server.administration_url, WEBAPP_DB_POOL_MAX_SIZE=str(POOL_SIZE))
    connections.settings[wrapper.alias] = wrapper.settings_dict
    yield wrapper.alias
    connections[wrapper.alias].close()
    del connections[wrapper.alias], connections.settings[wrapper.alias]


def close(wrapper: DatabaseWrapper) -> None:
    wrapper.close()
    wrapper.close_pool()


@pytest.fixture(scope="session")
def _secrets_manager(tmp_path_factory) -> Iterator[SecretsManager]:
    with secrets_manager(tmp_path_factory.mktemp("moto") / "moto.log") as service:
        yield service


@pytest.fixture
def secrets(_secrets_manager, monkeypatch) -> SecretsManager:
    """A Secrets Manager that this process's AWS clients use."""
    for name, value in _secrets_manager.environ.items():
        monkeypatch.setenv(name, value)
    # The service may stand still for some seconds.
    for name in ("_CONNECT_TIMEOUT_S", "_READ_TIMEOUT_S"):
        monkeypatch.setattr(https_pool, name, 60.0)
    return _secrets_manager


@pytest.fixture
def role(administrator) -> Iterator[str]:
    """A role that may log in with the password `first`."""
    name = f"engine_{next(_numbers)}"
    administrator.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'first'")
    yield name
    administrator.execute(f"DROP ROLE {name}")


@pytest.fixture
def administrator(database_server) -> Iterator[psycopg.Connection]:
    """The superuser's connection to the session's server."""
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop and start."""
    with EmbeddedPostgres() as server:
        yield server


def backend_pid(wrapper: DatabaseWrapper) -> int:
    """Return the PID of the backend that answers."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return pid


def kill(administrator: psycopg.Connection, application_name: str) -> int:
    """Terminate an application's backends, wait until they are gone, and return how many there were."""
    (count,) = administrator.execute(
        "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE application_name = %s",
        [application_name],
    ).fetchone()
    return count


def end_request(wrapper: DatabaseWrapper) -> None:
    """Finish a request as Django does."""
    wrapper.close_if_unusable_or_obsolete()


def run(wrapper: DatabaseWrapper, sql: str) -> object:
    """Execute the statement; return the first value of its result, or None if it has no result."""
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None


@pytest.fixture(scope="session")
def _postgis_server() -> Iterator[TlsServer]:
    require_postgis()
    with tls_server() as server:
        yield server


@pytest.fixture
def postgis_url(_postgis_server) -> Iterator[str]:
    """The superuser's URL for a new database without PostGIS, on a server where the extension is available."""
    name = f"places_{next(_numbers)}"
    url = _postgis_server.url()
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
    yield url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
