"""Runs the application in each tool's own virtual environment, with a database."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.instruments.application import HOST, ROOT, Instrumented
from tests.integration.instruments.receivers import Record
from tests.integration.instruments.tools import Tool
from tests.prerequisites import lack
from tests.secret_key import SECRET_KEY


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # Each test chooses its runtime itself.
            item.add_marker(pytest.mark.profile_free)


@pytest.fixture(scope="session")
def instruments_database(database_server) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"webapp_instruments_{secrets.token_hex(4)}"
    create_database(database_server, name)
    yield database_server.url(name)
    drop_database(database_server, name)


def require_environment(tool: Tool) -> Path:
    """Return the tool's Python; without it, skip the test, or fail it when CI=true."""
    place = ROOT / ".venv-instruments" / tool.name
    if not (place / ".ready").exists():
        lack(f"{place.relative_to(ROOT)} is missing; run `make instruments`")
    return place / "bin" / "python"


@pytest.fixture
def instrument(instruments_database, tmp_path) -> Iterator[Callable[..., tuple[Instrumented, Callable]]]:
    """Prepares the application with a tool; returns it, and a function that reads the tool's records."""
    with ExitStack() as servers:

        def make(tool: Tool, *, prefix: tuple[str, ...] = (), **variables: str):
            python = require_environment(tool)
            running = servers.enter_context(tool.receiving())
            written = tmp_path / "records"
            environ = {
                "PATH": f"{python.parent}:{os.environ['PATH']}",
                "DJANGO_SETTINGS_MODULE": f"instrumented.with_{tool.name}",
                "PYTHONPATH": str(ROOT / "tests" / "applications"),
                "DATABASE_URL": instruments_database,
                # The server may stand still for some seconds while it accepts a connection.
                "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
                "WEBAPP_SECRET_KEY": SECRET_KEY,
                "WEBAPP_ALLOWED_HOSTS": HOST,
                "WEBAPP_LOG_LEVEL": "error",
                "WEBAPP_STATIC_ROOT": str(tmp_path / "static"),
                "INSTRUMENTED_RECORDS": str(written),
                **tool.variables(running),
                **variables,
            }

            def records() -> list[Record]:
                if running is not None:
                    return list(running.records)
                return [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []

            return Instrumented(python, environ, tmp_path, prefix=tuple(prefix)), records

        yield make
