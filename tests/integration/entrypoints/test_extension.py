"""Database connections are closed when an execution environment ends."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from django_runtimes.compare.emulator.environments import environment_process
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator
from django_runtimes.compare.emulator.invocation import FunctionFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.managed_emulator import ManagedEmulator
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.entrypoints.extension import register_extension
from tests.integration.entrypoints.launcher import PATIENT
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free


def request(path: str) -> bytes:
    return json.dumps(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"host": "guestbook.example", "x-forwarded-proto": "https"},
            "requestContext": {"http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1"}},
            "isBase64Encoded": False,
        }
    ).encode()


# PostgreSQL counts the sessions whose clients disappeared without closing them.
ABANDONED = "SELECT sessions_abandoned FROM pg_stat_database WHERE datname = %s"
HELD = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


@pytest.fixture
def database(database_server) -> Iterator[str]:
    name = f"webapp_extension_{secrets.token_hex(4)}"
    create_database(database_server, name)
    yield name
    drop_database(database_server, name)


@pytest.fixture
def observe(database_server, database):
    """Returns a function that queries the server about the database."""
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        yield lambda question: connection.execute(question, [database]).fetchone()[0]


@pytest.fixture
def function(database_server, database, tmp_path) -> Function:
    """A function that keeps its connection between invocations."""
    environ = {
        "DJANGO_SETTINGS_MODULE": "holding.settings",
        "PYTHONPATH": str(Path(__file__).parents[2] / "applications"),
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "WEBAPP_DB_STRATEGY": "persistent",
        "WEBAPP_DB_ROUTE": "direct",
        "DATABASE_URL": database_server.url(database),
    }
    return Function(
        "guestbook", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )


async def until(condition) -> None:
    async with asyncio.timeout(90):
        while not condition():  # noqa: ASYNC110 - the condition depends on another process
            await asyncio.sleep(0.02)


@pytest.fixture
def unhurried(monkeypatch):
    """Let a function that stands still end by itself, instead of after half a second as on Lambda."""
    monkeypatch.setattr(environment_process, "_SHUTDOWN_S", 60)


async def serve_once(emulator: FunctionEmulator) -> None:
    invocation = await emulator.invoke(request("/sync"))
    assert json.loads(invocation.payload)["statusCode"] == 200, invocation.payload


@pytest.mark.usefixtures("unhurried")
async def test_sigterm_closes_held_connections(function, observe):
    async with LambdaEmulator(function) as emulator:
        await serve_once(emulator)
        assert observe(HELD) == 1
        await emulator.retire_all()
        await until(lambda: observe(HELD) == 0)

    assert observe(ABANDONED) == 0


@pytest.mark.usefixtures("unhurried")
async def test_sigterm_closes_the_connections_of_all_managed_processes(function, observe):
    del function.environ["WEBAPP_DB_STRATEGY"]
    async with ManagedEmulator(replace(function, processes=2)) as emulator:
        await emulator.warm(2)
        [environment] = emulator.environments
        await until(lambda: environment.idle_workers == 2)
        await asyncio.gather(serve_once(emulator), serve_once(emulator))
        # Each process keeps its connection by default, since nothing freezes.
        assert observe(HELD) == 2
        assert environment.extension_count == 1
        await emulator.retire_all()
        await until(lambda: observe(HELD) == 0)

    assert observe(ABANDONED) == 0
    assert "Cannot register the extension" not in emulator.logs[0].read_text()


async def test_without_the_extension_the_session_is_abandoned(function, observe, monkeypatch):
    monkeypatch.setattr(
        "django_runtimes.compare.emulator.environments.environment_process.EnvironmentProcess.register_extension",
        lambda environment: None,
    )
    async with LambdaEmulator(function) as emulator:
        await serve_once(emulator)
        await emulator.retire_all()
        await until(lambda: observe(HELD) == 0)

    await until(lambda: observe(ABANDONED) == 1)


async def test_a_process_that_ends_by_itself_closes_its_connections(function, observe):
    async with LambdaEmulator(function) as emulator:
        await serve_once(emulator)
        with pytest.raises(FunctionFailed, match="signal 2"):
            await emulator.invoke(request("/exit"))
        await until(lambda: observe(HELD) == 0)

    assert observe(ABANDONED) == 0


def test_a_function_serves_without_the_extensions_api(unused_tcp_port, caplog):
    assert register_extension(f"127.0.0.1:{unused_tcp_port}") is None

    assert "the Extensions API does not answer" in caplog.text
