"""Fixtures that set the database's connection strategy, independently of the profile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.signals import connection_created

from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.connection_strategy import Route

POOL_SIZE = 2


def lent() -> int:
    """Return the number of connections that the pool, if any, has lent."""
    pool = connections["default"].pool
    return len(pool._lent) if pool else 0


@pytest.fixture
def opened_connections() -> Iterator[list]:
    """Collect the wrappers of new database connections; the attribute `connection` of a closed wrapper is None."""
    opened: list = []

    def remember(connection, **_):
        if not any(connection is other for other in opened):
            opened.append(connection)

    connection_created.connect(remember)
    yield opened
    connection_created.disconnect(remember)
    # A leak in this test must not fail the next one.
    for wrapper in opened:
        if wrapper.connection is not None and wrapper._thread_ident != threading.get_ident():
            wrapper.connection.close()


@pytest.fixture
def database(django_db_setup) -> Iterator[dict]:
    """Return the database's settings, which the test may change, and restore them afterwards."""
    settings = connections.settings["default"]
    former = {**settings, "OPTIONS": {**settings["OPTIONS"]}}
    _close_all()
    yield settings
    _close_all()
    settings.update(former)


def _close_all() -> None:
    connections.close_all()
    # asgiref's thread for synchronous code outside any request.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture
def persistent(database) -> None:
    """Keep connections open on their threads."""
    database["CONN_MAX_AGE"] = 600
    database["OPTIONS"].pop("pool", None)


@pytest.fixture
def per_request(database) -> None:
    """Close each connection at the end of its request."""
    database["CONN_MAX_AGE"] = 0
    database["OPTIONS"].pop("pool", None)


@pytest.fixture
def direct(database, database_server) -> None:
    """Connect to the server itself, because the pooler that emulates a proxy shares sessions among clients."""
    address = parse_database_url(database_server.url("postgres"))
    database.update(HOST=address.host, PORT=address.port, ROUTE=Route.DIRECT, DISABLE_SERVER_SIDE_CURSORS=False)


@pytest.fixture
def pooled(database, direct) -> Iterator[None]:
    """Share a pool of `POOL_SIZE` direct connections among all requests of the process."""
    database["CONN_MAX_AGE"] = 0
    database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": POOL_SIZE, "timeout": 60, "max_waiting": 200}
    connections["default"].close_pool()
    yield
    connections["default"].close_pool()


@pytest.fixture(params=["pooled", "persistent", "per_request"])
def tenants(request, database, direct, settings):
    """Use connections that belong to tenants, under each strategy."""
    request.getfixturevalue(request.param)
    settings.MIDDLEWARE = ["tests.integration.serving.tenants.ChoosesTenant"]
    with _engine(database, "ours"):
        yield


@pytest.fixture(params=["persistent", "per_request"])
def djangos_tenants(request, database, direct, settings):
    """Use the tenant engine based on Django's engine, with which streams keep their threads."""
    request.getfixturevalue(request.param)
    settings.MIDDLEWARE = ["tests.integration.serving.tenants.ChoosesTenant"]
    with _engine(database, "djangos"):
        yield


@contextmanager
def _engine(database: dict, name: str) -> Iterator[None]:
    engine = database["ENGINE"]
    _discard_wrapper()
    database["ENGINE"] = f"tests.integration.serving.tenant_engine.{name}"
    yield
    _discard_wrapper()
    database["ENGINE"] = engine


def _discard_wrapper() -> None:
    """Discard this thread's wrapper, so that the next wrapper uses the engine in the settings."""
    connections["default"].close()
    del connections["default"]
