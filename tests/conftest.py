"""The suite's variables, its PostgreSQL, and which tests depend on the runtime's profile."""

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

# Set before Django's settings load: what every runtime outside `local` requires.
_VARIABLES = {
    "DJANGO_SETTINGS_MODULE": "webapp.settings",
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "testserver,guestbook.example",
    "WEBAPP_STATIC_ROOT": str(_workspace / "static"),
    "WEBAPP_MEDIA_ROOT": str(_workspace / "media"),
    # The fixture below fills the real address in, so that tests without a database start no server.
    "DATABASE_URL": "postgresql://webapp:unused@127.0.0.1:1/webapp",
    "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
}
_GIVEN_DATABASE_URL = os.environ.get("DATABASE_URL")
if _VARIABLES["DATABASE_URL"] == _GIVEN_DATABASE_URL:
    # A worker of pytest-xdist, which inherits what this file has set in the process that started it.
    _GIVEN_DATABASE_URL = None
os.environ.update(_VARIABLES)

pytest_plugins = ["django_runtimes.pinning.plugin"]

# Whole projects of their own, which tests copy and adopt.
collect_ignore = ["projects"]
_PROFILE_FREE = (
    Path("tests/unit"),
    Path("tests/integration/compare"),
    Path("tests/integration/project_files"),
    Path("tests/integration/projects"),
    Path("tests/faults"),
    Path("tests/image"),
)


def pytest_configure() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            # As in the background of a shell, or under nohup. Programs would inherit that, but inherit no handler.
            signal.signal(number, lambda *_: None)
    # pytest-django looks for settings before this file has set their variables.
    django.setup()


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
    """The PostgreSQL that the tests use: embedded, or the one at DATABASE_URL."""
    with postgres_server(_GIVEN_DATABASE_URL) as server:
        yield server
