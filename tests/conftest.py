"""Sets the suite's variables, provides PostgreSQL, and marks the tests that do not depend on the profile."""

import atexit
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import django
import pytest

from django_runtimes.compare.services.postgres import postgres_server
from django_runtimes.compare.services.run_directory import run_directory
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
    # A fixture fills in the real address, so that tests without a database start no server.
    "DATABASE_URL": "postgresql://webapp:unused@127.0.0.1:1/webapp",
    "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
}
_GIVEN_DATABASE_URL = os.environ.get("DATABASE_URL")
if _VARIABLES["DATABASE_URL"] == _GIVEN_DATABASE_URL:
    # This is a worker of pytest-xdist, which inherits the variables that this file has set in the parent process.
    _GIVEN_DATABASE_URL = None
os.environ.update(_VARIABLES)

pytest_plugins = ["django_runtimes.pinning.plugin"]

# Tests copy these projects and adopt the copies, so the projects' own tests are not collected.
collect_ignore = ["projects"]
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
    for item in items:
        if any(item.path.is_relative_to(root / directory) for directory in _PROFILE_FREE):
            item.add_marker(pytest.mark.profile_free)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        require_program(*marker.args)
    if item.get_closest_marker("needs_root"):
        require_root()


@pytest.fixture(scope="session")
def database_server() -> Iterator[object]:
    """Return the PostgreSQL server of the tests, which is embedded unless DATABASE_URL names one."""
    with postgres_server(_GIVEN_DATABASE_URL) as server:
        yield server
