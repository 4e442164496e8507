"""Gives these tests their own PostgreSQL server, reached by the profile's route and strategy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.connection_strategy import Route
from tests.patience import wait_for_connections, wait_for_server
from tests.prerequisites import require_program

_DATABASE = "outages"


@pytest.fixture(scope="package")
def server() -> Iterator[EmbeddedPostgres]:
    """The server itself, with an empty database."""
    with EmbeddedPostgres() as postgres:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        yield postgres


@pytest.fixture(scope="package")
def pgbouncer(server) -> Iterator[PgBouncer | None]:
    """PgBouncer in front of the server on the proxy route; None on the direct route."""
    if settings.DJANGO_RUNTIMES.profile.route is Route.DIRECT:
        yield None
        return
    require_program("pgbouncer")
    with PgBouncer(server, pool_size=2) as proxy:
        wait_for_server(proxy)
        yield proxy


@pytest.fixture(scope="package")
def _migrated(server, pgbouncer, django_db_blocker) -> None:
    with django_db_blocker.unblock(), _pointed_at(pgbouncer or server):
        call_command("migrate", verbosity=0)


@pytest.fixture
def database(server, pgbouncer, _migrated, django_db_blocker) -> Iterator[dict]:
    """The settings of the application's database, which a test may change before the first query."""
    with django_db_blocker.unblock(), _pointed_at(pgbouncer or server) as database_settings:
        yield database_settings


@pytest.fixture
def administrator(server, _migrated) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the application's database."""
    with psycopg.connect(server.url(_DATABASE, role="postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def alter_role(administrator, pgbouncer) -> Iterator[Callable[[str], None]]:
    """Alters the application's role until the test ends; open connections keep their settings."""

    def alter(clause: str) -> None:
        administrator.execute(f"ALTER ROLE webapp {clause}")
        if pgbouncer is not None:
            with psycopg.ClientCursor(psycopg.connect(pgbouncer.console_url, autocommit=True)) as console:
                console.execute("RECONNECT")
                console.connection.close()

    yield alter
    alter("RESET ALL")
    alter("CONNECTION LIMIT -1")


@contextmanager
def _pointed_at(service: EmbeddedPostgres | PgBouncer) -> Iterator[dict]:
    address = parse_database_url(service.url(_DATABASE))
    database_settings = connections.settings["default"]
    former = {**database_settings, "OPTIONS": {**database_settings["OPTIONS"]}}
    _close_all()
    database_settings.update(
        HOST=address.host, PORT=address.port, NAME=address.name, USER=address.user, PASSWORD=address.password
    )
    wait_for_connections(database_settings)
    try:
        yield database_settings
    finally:
        _close_all()
        database_settings.update(former)


def _close_all() -> None:
    if "pool" in connections.settings["default"]["OPTIONS"]:
        connections["default"].close()
        connections["default"].close_pool()
    connections.close_all()
    # This thread runs the synchronous code that belongs to no request.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
