"""The application's database on the profile's route, its static files, and clients behind TLS."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import AsyncClient, Client

from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.config.database_url.dsql_address import DSQL_DATABASE
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.connection_strategy import Route
from tests.integration.operations.journal import Journal
from tests.patience import wait_for_connections, wait_for_server
from tests.prerequisites import require_program

# The header of a load balancer that terminates TLS; without it every page outside `local` redirects to HTTPS.
_BEHIND_TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request) -> Iterator[None]:
    """Point Django at the session's server, through a stand-in where the profile's route has another server."""
    from django.conf import settings

    route = settings.DJANGO_RUNTIMES.profile.route
    if route is Route.DATA_API:
        data_api = request.getfixturevalue("data_api")
        os.environ.update(data_api.environ(connections["default"].settings_dict["NAME"]))
        options = {"cluster_arn": data_api.cluster_arn, "secret_arn": data_api.secret_arn}
        connections["default"].settings_dict["OPTIONS"] = options
        yield
        return
    if connections["default"].vendor == "mysql":
        # On both routes the server itself: no package has a stand-in for RDS Proxy's MySQL.
        address = parse_database_url(request.getfixturevalue("mariadb_server").url("webapp"))
        entry = connections["default"].settings_dict
        entry.update(HOST=address.host, PORT=address.port, USER=address.user, PASSWORD=address.password)
        wait_for_connections(entry)
        yield
        return
    if getattr(connections["default"], "library_engine", "") == "dsql":
        dsql = request.getfixturevalue("dsql")
        os.environ.update(dsql.access_key)
        # A request may wait for another one that stands still.
        dsql.row_wait_s = 60
        entry = connections["default"].settings_dict
        entry.update(PORT=dsql.port, OPTIONS={**entry["OPTIONS"], **dsql.options})
        entry["TEST"]["NAME"] = DSQL_DATABASE
        wait_for_connections(entry)
        yield
        return
    database_server = request.getfixturevalue("database_server")
    address = parse_database_url(database_server.url("postgres"))
    host, port = address.host, address.port
    with ExitStack() as services:
        if route is Route.PROXY:
            require_program("pgbouncer")
            pgbouncer = services.enter_context(PgBouncer(database_server))
            wait_for_server(pgbouncer)
            host, port = pgbouncer.host, pgbouncer.port
        entry = connections["default"].settings_dict
        entry.update(HOST=host, PORT=port, USER=address.user, PASSWORD=address.password)
        wait_for_connections(entry)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Keep the test database: PgBouncer may still hold connections to it, and its server is temporary."""
    return True


@pytest.fixture(scope="session", autouse=True)
def _static_files(request: pytest.FixtureRequest) -> None:
    """Run collectstatic, since templates name static files by the hashes it computes."""
    if any("profile_free" not in item.keywords for item in request.session.items):
        call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture
def client() -> Client:
    """A client behind a load balancer that terminates TLS."""
    return Client(headers=_BEHIND_TLS)


@pytest.fixture
def async_client() -> AsyncClient:
    """The same client for asynchronous tests."""
    # The argument `headers` of AsyncClient would use WSGI's names, which an ASGI request does not read.
    return AsyncClient(**_BEHIND_TLS)


@pytest.fixture
def journal(database_server, tmp_path) -> Iterator[Journal]:
    """Runs `webapp migrate` as real processes on an application with every kind of migration."""
    name = f"webapp_journal_{secrets.token_hex(4)}"
    create_database(database_server, name)
    journal = Journal(database_server.url(name), tmp_path)
    yield journal
    journal.stop()
    drop_database(database_server, name)
