"""Sets the suite's variables, provides PostgreSQL, and marks the tests that do not depend on the profile."""

import atexit
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import django
import pytest
from django.db import connections

from django_runtimes.compare.services.postgres import postgres_server
from django_runtimes.compare.services.run_directory import run_directory
from tests.dsql.login_tokens import ADMINISTRATOR
from tests.dsql.stand_in import HOST, REGION
from tests.prerequisites import require_program, require_root
from tests.secret_key import SECRET_KEY

_stack = ExitStack()
atexit.register(_stack.close)
_workspace = _stack.enter_context(run_directory(account=None))

# Every runtime except `local` requires these, and they must be set before Django's settings load.
_VARIABLES = {
    "DJANGO_SETTINGS_MODULE": "webapp.settings",
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "testserver,guestbook.example",
    "WEBAPP_STATIC_ROOT": str(_workspace / "static"),
    "WEBAPP_MEDIA_ROOT": str(_workspace / "media"),
}
# A fixture fills in the real addresses, so that tests without a database start no server.
_UNUSED_DATABASE_URL = "postgresql://webapp:unused@127.0.0.1:1/webapp"
_SOCKETS = {"DATABASE_URL": _UNUSED_DATABASE_URL, "WEBAPP_DB_PROXY_HOST": "127.0.0.1"}
_DATA_API = {
    "WEBAPP_DB_CLUSTER_ARN": "arn:aws:rds:us-east-1:123456789012:cluster:unused",
    "WEBAPP_DB_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:unused",
    "WEBAPP_DB_NAME": "webapp",
    "AWS_ENDPOINT_URL_RDS_DATA": "http://127.0.0.1:1",
}
_MYSQL = {"WEBAPP_DB_HOST": "127.0.0.1", "WEBAPP_DB_PASSWORD": "unused", "WEBAPP_DB_PROXY_HOST": "127.0.0.1"}
_DSQL = {"WEBAPP_DB_HOST": HOST, "WEBAPP_DB_USER": ADMINISTRATOR, "AWS_REGION": REGION}
_GIVEN_DATABASE_URL = os.environ.pop("DATABASE_URL", None)
if _UNUSED_DATABASE_URL == _GIVEN_DATABASE_URL:
    # This is a worker of pytest-xdist, which inherits the variables that this file has set in the parent process.
    _GIVEN_DATABASE_URL = None
_ADDRESSES = {"data_api": _DATA_API, "mysql": _MYSQL, "dsql": _DSQL}
_ADDRESS = os.environ.get("WEBAPP_DB_ROUTE") or os.environ.get("WEBAPP_DB_ENGINE") or ""
os.environ.update(_VARIABLES | _ADDRESSES.get(_ADDRESS, _SOCKETS))

pytest_plugins = ["django_runtimes.pinning.plugin"]

# Tests copy these projects and adopt the copies, so the projects' own tests are not collected.
collect_ignore = ["projects"]
_DATABASE_FIXTURES = {"db", "transactional_db"}
_PROFILE_FREE = (
    Path("tests/unit"),
    Path("tests/browser"),
    Path("tests/integration/compare"),
    Path("tests/integration/project_files"),
    Path("tests/integration/projects"),
    Path("tests/faults"),
    Path("tests/image"),
)


def pytest_configure() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            # A background process of a shell, or one under nohup, ignores the signal. Child processes inherit an
            # ignored signal, but they do not inherit a handler.
            signal.signal(number, lambda *_: None)
    # pytest-django looks for settings before this file has set the variables, so it has not set up Django.
    django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    # A worker that inherited the variable would load the settings before this file gives the worker its own
    # directories.
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent.parent
    directories = tuple(f"{root / directory}{os.sep}" for directory in _PROFILE_FREE)
    for item in items:
        # Each worker compares more than 16,000 items, for which Path.is_relative_to() takes seconds.
        if str(item.path).startswith(directories):
            item.add_marker(pytest.mark.profile_free)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        require_program(*marker.args)
    if item.get_closest_marker("needs_root"):
        require_root()
    if item.get_closest_marker("django_db") is None and not _DATABASE_FIXTURES.intersection(item.fixturenames):
        # pytest-django leaves the connection of an earlier test open, and a request checks an open connection as it
        # starts, which a test without the database may not do.
        for connection in connections.all(initialized_only=True):
            connection.close()


@pytest.fixture(scope="session")
def database_server() -> Iterator[object]:
    """Return the PostgreSQL server of the tests, which is embedded unless DATABASE_URL names one."""
    with postgres_server(_GIVEN_DATABASE_URL) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[object]:
    """Return a MariaDB server that the tests share; without the system's package they are skipped."""
    from django_runtimes.compare.services.mariadb import MariadbServer

    require_program("mariadbd")
    with MariadbServer() as server:
        yield server


@pytest.fixture(scope="session")
def dsql(database_server) -> Iterator[object]:
    """Return a stand-in for a cluster of Aurora DSQL on a database of that server."""
    from tests.dsql.stand_in import DsqlStandIn

    with DsqlStandIn(database_server) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def data_api(database_server) -> Iterator[object]:
    """Return the stand-in for the Aurora Data API in front of that server, with no latency of its own."""
    from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn

    with DataApiStandIn(database_server, latency_ms=0) as stand_in:
        yield stand_in
