"""The phases of real cold starts, as the processes report them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.targets import start_report
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.target import ColdStart, Target
from django_runtimes.compare.targets.target_server import CheckoutServer
from django_runtimes.compare.workload.reading import load_workload

from .conftest import NOTES


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait for a report longer than a machine may stand still."""
    monkeypatch.setattr(start_report, "_PATIENCE_S", 120.0)


async def cold_start(target: Target) -> ColdStart:
    read = load_workload(NOTES).of_scenario("read")[0]
    async with LoadGenerator() as generator:
        return await target.cold_start(lambda: generator.single(target.url, read, ledger=Ledger("run", 0)))


def assert_complete(start: ColdStart) -> None:
    phases = start.phases
    assert phases is not None
    parts_ms = (
        phases.spawn_ms, phases.import_ms, phases.setup_ms, phases.load_ms, phases.database_ms, phases.response_ms,
    )  # fmt: skip
    assert min(parts_ms) > 0
    total_ms = (phases.engine_ms or 0.0) + sum(parts_ms)
    assert total_ms == pytest.approx(start.ready_ms + start.first_response_ms, abs=0.1)


class SlowEngine(CheckoutServer):
    """Creates the server's process after a while, as a container engine does, and forwards signals to it."""

    has_engine = True
    delay_s = 0.4

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        engine = f'sleep {self.delay_s}; "$@" & trap "kill $!" TERM; wait; wait'
        server = [sys.executable, "-m", "django_runtimes.entrypoints.launch"]
        return processes.spawn(["/bin/sh", "-c", engine, "sh", *server], environ=environ, log=log)


async def test_a_lambda_start_is_split_into_phases(notes_environ, tmp_path):
    function = Function(
        "notes",
        "django_runtimes.entrypoints.aws_lambda.handler",
        notes_environ("aws_lambda/per_request/direct"),
        tmp_path / "logs",
    )
    async with LambdaTarget(function) as target:
        first, second = await cold_start(target), await cold_start(target)

    for start in (first, second):
        assert_complete(start)
        assert (start.phases.master_ms, start.phases.engine_ms) == (None, None)


@pytest.mark.parametrize("strategy", ["pool", "persistent"])
async def test_a_container_start_is_split_between_master_and_first_worker(notes_environ, tmp_path, strategy):
    environ = notes_environ(f"aws_ecs/{strategy}/direct") | {"WEBAPP_WORKERS": "2"}
    async with ContainerTarget(environ, log=tmp_path / "server.log") as target:
        first, second = await cold_start(target), await cold_start(target)

    for start in (first, second):
        assert_complete(start)
        phases = start.phases
        assert phases.spawn_ms < phases.master_ms < phases.spawn_ms + phases.import_ms


async def test_the_creation_of_a_container_is_not_a_part_of_the_spawn(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_WORKERS": "1"}
    async with ContainerTarget(environ, log=tmp_path / "server.log", server=SlowEngine()) as target:
        start = await cold_start(target)

    assert_complete(start)
    # The kernel records the start of a process to a hundredth of a second.
    assert start.phases.engine_ms > 1_000 * SlowEngine.delay_s - 10


async def test_the_hooks_are_gone_after_the_first_request(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_WORKERS": "1"}
    log = tmp_path / "server.log"
    async with ContainerTarget(environ, log=log) as target:
        await cold_start(target)
        read = load_workload(NOTES).of_scenario("read")[0]
        async with LoadGenerator() as generator:
            for _ in range(3):
                await generator.single(target.url, read, ledger=Ledger("run", 0))

    # One line for the only start that answered a request; the first start answered none.
    (line,) = [line for line in log.read_text().splitlines() if line.startswith("webapp: start ")]
    moments = json.loads(line.removeprefix("webapp: start "))
    assert moments["connect_begins"] < moments["connect_ends"] <= moments["query_begins"] < moments["query_ends"]


async def test_without_the_variable_nothing_is_recorded(notes_environ, tmp_path):
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_WORKERS": "1", "WEBAPP_START_PHASES": ""}
    log = tmp_path / "server.log"
    async with ContainerTarget(environ, log=log) as target:
        start = await cold_start(target)

    assert start.phases is None
    assert "webapp: start" not in log.read_text()


def test_the_served_application_does_not_import_the_recorder(notes_environ):
    source = "import sys, django_runtimes.entrypoints.asgi; print([m for m in sys.modules if 'start_recorder' in m])"

    def imported(value: str) -> str:
        environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_START_PHASES": value}
        return subprocess.run(
            [sys.executable, "-c", source], env=environ, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert imported("0") == "[]"
    assert imported("1") == "['django_runtimes.entrypoints.start_recorder']"
