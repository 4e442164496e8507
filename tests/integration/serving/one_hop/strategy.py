"""The database under a connection strategy that the test chooses, whatever the profile says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.signals import connection_created

from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.config.databases.url import parse_database_url


@pytest.fixture
def opened_connections() -> Iterator[list]:
    """The database connections that were opened, as Django's wrappers; those at rest hold no `connection`."""
    opened: list = []

    def remember(connection, **_):
        if not any(connection is other for other in opened):
            opened.append(connection)

    connection_created.connect(remember)
    yield opened
    connection_created.disconnect(remember)
    # A test that finds a leak fails alone.
    for wrapper in opened:
        if wrapper.connection is not None and wrapper._thread_ident != threading.get_ident():
            wrapper.connection.close()


@pytest.fixture
def database(django_db_setup) -> Iterator[dict]:
    """The settings of the database, in which a test may change the strategy or ATOMIC_REQUESTS."""
    settings = connections.settings["default"]
    former = {**settings, "OPTIONS": {**settings["OPTIONS"]}}
    _close_all()
    yield settings
    _close_all()
    settings.update(former)


def _close_all() -> None:
    connections.close_all()
    # The thread of all synchronous code that belongs to no request.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture
def persistent(database) -> None:
    """Connections that stay with their thread."""
    database["CONN_MAX_AGE"] = 600
    database["OPTIONS"].pop("pool", None)


@pytest.fixture
def per_request(database) -> None:
    """Connections that end with their request."""
    database["CONN_MAX_AGE"] = 0
    database["OPTIONS"].pop("pool", None)


@pytest.fixture
def direct(database, database_server) -> None:
    """Connections to the server itself: the pooler that stands in for a proxy hands one session to many clients."""
    address = parse_database_url(database_server.url("postgres"))
    database.update(HOST=address.host, PORT=address.port, ROUTE=Route.DIRECT, DISABLE_SERVER_SIDE_CURSORS=False)


@pytest.fixture
def pooled(database, direct) -> Iterator[None]:
    """Two connections for all requests of the process, to the server itself."""
    database["CONN_MAX_AGE"] = 0
    database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 2, "timeout": 2, "max_waiting": 200}
    connections["default"].close_pool()
    yield
    connections["default"].close_pool()


@pytest.fixture(params=["pooled", "persistent", "per_request"])
def tenants(request, database, direct, settings):
    """Under each strategy, on connections that belong to tenants."""
    request.getfixturevalue(request.param)
    settings.MIDDLEWARE = ["tests.integration.serving.tenants.ChoosesTenant"]
    with _engine(database, "ours"):
        yield


@pytest.fixture(params=["persistent", "per_request"])
def djangos_tenants(request, database, direct, settings):
    """The same on Django's engine, beside which streams keep their threads."""
    request.getfixturevalue(request.param)
    settings.MIDDLEWARE = ["tests.integration.serving.tenants.ChoosesTenant"]
    with _engine(database, "djangos"):
        yield


@contextmanager
def _engine(database: dict, name: str) -> Iterator[None]:
    engine = database["ENGINE"]
    _forget_wrapper()
    database["ENGINE"] = f"tests.integration.serving.tenant_engine.{name}"
    yield
    _forget_wrapper()
    database["ENGINE"] = engine


def _forget_wrapper() -> None:
    """Make this thread's wrapper of another engine."""
    connections["default"].close()
    del connections["default"]
