"""The operations function as the image starts it: real awslambdaric, real commands, a real PostgreSQL."""

import json
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.invocation import RESPONSE_LIMIT_BYTES, FunctionFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.operations.journal import APPLICATIONS, Journal
from tests.integration.serving.lambda_handler.front import FRONTS, event_of
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

_FLOOD = """
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    requires_system_checks = []

    def handle(self, **options):
        for _ in range(100):
            self.stdout.write(chr(1) * 80_000)
        self.stdout.write("the end")
"""


@dataclass(frozen=True)
class Launched(Function):
    """A function that starts the image's entry point."""

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        return processes.spawn(
            [self.python, "-m", "django_runtimes.entrypoints.launch"],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )

    @property
    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.log_directory.iterdir())


@pytest.fixture
def journal(database_server, tmp_path) -> Iterator[Journal]:
    name = f"webapp_operations_{secrets.token_hex(4)}"
    create_database(database_server, name)
    yield Journal(database_server.url(name), tmp_path)
    drop_database(database_server, name)


@pytest.fixture
def function(journal, tmp_path) -> Callable[..., Launched]:
    """Creates the operations function with more variables; None removes one."""
    address = conninfo_to_dict(journal.url)

    def make(timeout_s: float = 60.0, **variables: str | None) -> Launched:
        environ = {
            "PYTHONPATH": str(APPLICATIONS),
            "DJANGO_SETTINGS_MODULE": "journal.settings",
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "localhost",
            "WEBAPP_ALLOWED_COMMANDS": "migrate,check,flood",
            "WEBAPP_DB_ROLE": "operations",
            # Neither the web login nor the proxy works here.
            "DATABASE_URL": f"postgresql://nobody:unknown@{address['host']}:{address['port']}/{address['dbname']}",
            "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
            "WEBAPP_DB_PROXY_PORT": "1",
            "WEBAPP_DB_OPERATIONS_USER": address["user"],
            "WEBAPP_DB_OPERATIONS_PASSWORD": address["password"],
            **variables,
        }
        kept = {name: value for name, value in environ.items() if value is not None}
        return Launched("operations", "unused", kept, tmp_path / "logs", init_timeout_s=60, timeout_s=timeout_s)

    return make


async def send(emulator: LambdaEmulator, event: Any) -> dict[str, Any]:
    return json.loads((await emulator.invoke(json.dumps(event).encode())).payload)


async def run(emulator: LambdaEmulator, *command: str) -> dict[str, Any]:
    return await send(emulator, {"command": list(command)})


async def test_it_migrates_on_the_direct_route_with_its_own_login(function, journal):
    operations = function()
    async with LambdaEmulator(operations) as emulator:
        first = await run(emulator, "migrate", "--noinput")
        again = await run(emulator, "migrate", "--noinput")

    assert (first["exit_code"], again["exit_code"]) == (0, 0)
    assert "Applying journal.0005_author... OK\n" in first["output"]
    assert "No migrations to apply." in again["output"]
    assert journal.applied()[-1] == "0005_author"
    assert first["output"] in operations.log
    assert "webapp: migrate ended with exit code 0 after " in operations.log
    assert emulator.started_count == 1


async def test_a_failing_command_returns_its_exit_code_and_output(function):
    async with LambdaEmulator(function()) as emulator:
        unknown = await run(emulator, "migrate", "nowhere")
        wrong = await run(emulator, "migrate", "--wait", "soon")

    assert unknown["exit_code"] == 1
    assert unknown["output"] == "CommandError: No installed app with label 'nowhere'.\n"
    assert wrong["exit_code"] == 2
    assert wrong["output"].endswith("argument --wait: 'soon' is not a whole number of seconds up to 2147483\n")


async def test_a_missing_setting_is_in_the_response(function):
    async with LambdaEmulator(function(WEBAPP_SECRET_KEY=None)) as emulator:
        answer = await run(emulator, "check")

    assert answer["exit_code"] == 78
    assert answer["output"].startswith("webapp: WEBAPP_SECRET_KEY is not set")
    assert answer["output"].count("\n") == 1


async def test_a_slow_migration_is_cancelled_before_lambda_kills_it(function, journal, tmp_path):
    """The database session has ended when the response arrives; a kill would have left it open."""
    # A busy machine needs more than three seconds to cancel it. Python imports this module at its start.
    (tmp_path / "sitecustomize.py").write_text(
        "from django_runtimes.serving.aws_lambda import command_process\ncommand_process.GRACE_S = 60.0\n"
    )
    path = os.pathsep.join([str(APPLICATIONS), str(tmp_path)])
    async with LambdaEmulator(function()) as emulator:
        await run(emulator, "migrate", "journal", "0002")
    # On a busy machine the process needs more time until the migration runs.
    for limit_s in (7.0, 19.0, 43.0, 91.0):
        slow = function(timeout_s=limit_s + 62.0, PYTHONPATH=path, JOURNAL_SLEEP_S="600")
        async with LambdaEmulator(slow) as emulator:
            answer = await run(emulator, "migrate", "--noinput")
            held = journal.lock_sessions()
            with pytest.raises(FunctionFailed) as refused:
                await run(emulator, "flush")
            started = emulator.started_count
        if "Applying journal.0003_sleep..." in answer["output"]:
            break

    assert answer["exit_code"] == 124
    assert "Applying journal.0003_sleep..." in answer["output"]
    assert "migrate was interrupted" in answer["output"]
    assert "[migrate was stopped after " in answer["output"]
    assert answer["output"].endswith("run longer commands as an ECS task]\n")
    assert (held, journal.applied()[-1]) == ([], "0002_gate")
    # The same process answers the next event.
    assert (refused.value.error_type, started) == ("UnknownEvent", 1)


async def test_output_above_lambdas_limit_keeps_its_end(function, tmp_path):
    commands = tmp_path / "flooding" / "management" / "commands"
    commands.mkdir(parents=True)
    (commands / "flood.py").write_text(_FLOOD)
    (tmp_path / "flooding" / "settings.py").write_text(
        "from journal.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'flooding']\n"
    )
    operations = function(
        PYTHONPATH=os.pathsep.join([str(APPLICATIONS), str(tmp_path)]), DJANGO_SETTINGS_MODULE="flooding.settings"
    )
    async with LambdaEmulator(operations) as emulator:
        invocation = await emulator.invoke(b'{"command": ["flood"]}')

    answer = json.loads(invocation.payload)
    assert RESPONSE_LIMIT_BYTES / 2 < len(invocation.payload) <= RESPONSE_LIMIT_BYTES
    assert answer["output"].startswith("[7000108 bytes before this are only in the log]\n")
    assert answer["output"].endswith("\x01\nthe end\n")


async def test_requests_and_other_commands_are_refused(function, journal):
    body = b'{"command": ["migrate"]}'
    events = [event_of(front, "POST", "/", body=body) | more for front in FRONTS for more in ({}, json.loads(body))]
    events += [{"command": ["flush", "--noinput"]}, {"warm_up": True}, {}]
    operations = function()
    async with LambdaEmulator(operations) as emulator:
        for event in events:
            with pytest.raises(FunctionFailed) as failed:
                await send(emulator, event)
            assert failed.value.error_type == "UnknownEvent"

    assert journal.execute("SELECT to_regclass('django_migrations')") == [(None,)]
    assert "ended with exit code" not in operations.log


async def test_the_web_function_answers_warm_ups_but_no_commands(function, journal):
    web = {"WEBAPP_DB_ROLE": None, "WEBAPP_ALLOWED_COMMANDS": None, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    with psycopg.connect(journal.url, autocommit=True) as observer:
        async with LambdaEmulator(function(**web, WEBAPP_WARM_UP="1")) as emulator:
            assert await send(emulator, {"warm_up": True}) == {"warm": True}
            with pytest.raises(FunctionFailed, match="send commands to the operations function") as failed:
                await run(emulator, "migrate")
        async with LambdaEmulator(function(**web)) as emulator:
            with pytest.raises(FunctionFailed, match="enable warm-ups before use"):
                await send(emulator, {"warm_up": True})
        sessions = observer.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchone()

    assert failed.value.error_type == "UnknownEvent"
    assert sessions == (0,)
    assert journal.execute("SELECT to_regclass('django_migrations')") == [(None,)]
