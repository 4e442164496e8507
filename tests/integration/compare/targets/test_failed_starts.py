"""A target that never gets ready ends at once, with its log in the error."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.run.target_start import start_target
from django_runtimes.compare.targets import container_target
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget

pytestmark = pytest.mark.profile_free

SAID = "waiting for the licence server"
NEVER_LISTENS = f"echo {SAID}; exec sleep 600"


def until_said(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the line of NEVER_LISTENS, since a short limit may pass before a slow machine has run the shell."""
    assert processes.wait_until(process, lambda: SAID in log.read_text(), timeout_s=120)


class SilentServer:
    """A server that writes a line and never listens."""

    has_engine = False
    details: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        self.started.append(processes.spawn(["/bin/sh", "-c", NEVER_LISTENS], environ={}, log=log))
        until_said(self.started[-1], log)
        return self.started[-1]

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        processes.stop(process)

    def process_ids(self, process: subprocess.Popen[bytes]) -> Sequence[int]:
        return (process.pid,)


@dataclass(frozen=True)
class NotedFunction(Function):
    """A function that notes its processes."""

    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        self.started.append(super().start(runtime_api=runtime_api, log_stream=log_stream, log=log))
        until_said(self.started[-1], log)
        return self.started[-1]


def limit(*, step_s: float) -> Any:
    return SimpleNamespace(step_s=step_s, limit_s=60.0)


def subject(target: object) -> Any:
    return SimpleNamespace(name="aws_ecs/pool/direct", target=target)


@pytest.fixture
def server() -> SilentServer:
    return SilentServer()


@pytest.fixture
def target(server: SilentServer, tmp_path: Path) -> ContainerTarget:
    return ContainerTarget({}, log=tmp_path / "server.log", server=server)


async def test_a_server_that_never_listens_ends_with_its_budget(
    target: ContainerTarget, server: SilentServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(container_target, "_START_TIMEOUT_S", 120.0)
    began_s = time.monotonic()
    async with AsyncExitStack() as running:
        with pytest.raises(CompareError) as failed:
            await start_target(subject(target), running, limit(step_s=0.4))

        # The other targets are still to be measured.
        assert [process.poll() is not None for process in server.started] == [True]
        assert time.monotonic() - began_s < 60
    assert str(failed.value) == (
        "it was not ready within 0.4 s, the time that the run's limit of 60 s left for its start: waiting for the "
        "licence server; correct its start, or give a longer --budget"
    )


async def test_a_server_that_never_listens_is_stopped_after_its_own_time(
    target: ContainerTarget, server: SilentServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(container_target, "_START_TIMEOUT_S", 0.4)
    async with AsyncExitStack() as running:
        with pytest.raises(CompareError, match=r"not ready after 0\.4 s; waiting for the licence server"):
            await start_target(subject(target), running, None)

        assert server.started[0].poll() is not None


async def test_a_restart_that_fails_leaves_no_server(
    target: ContainerTarget, server: SilentServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(container_target, "_START_TIMEOUT_S", 0.2)

    with pytest.raises(CompareError, match="not ready"):
        await target.cold_start(lambda: pytest.fail("there is no server to ask"))

    assert server.started[0].poll() is not None


async def test_a_server_that_accepts_and_never_answers_takes_no_second_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The request that is under way must not prolong the time."""
    monkeypatch.setattr(container_target, "_START_TIMEOUT_S", 0.5)
    # The kernel accepts connections that nobody answers.
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(container_target.ports, "free_port", lambda: silent.getsockname()[1])
    target = ContainerTarget({}, log=tmp_path / "server.log", server=SilentServer())

    began_s = time.monotonic()
    with pytest.raises(CompareError, match=r"not ready after 0\.5 s"):
        await target.__aenter__()

    # aiohttp alone would wait for five minutes.
    assert time.monotonic() - began_s < 60
    silent.close()


async def test_a_function_that_is_never_ready_ends_with_its_budget(tmp_path: Path):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{NEVER_LISTENS}\n")
    program.chmod(0o700)
    function = NotedFunction("notes", "handler", {}, tmp_path / "logs", python=str(program), task_root=tmp_path)

    async with AsyncExitStack() as running:
        with pytest.raises(CompareError, match=r"not ready within 1 s.*: waiting for the licence server; correct"):
            await start_target(subject(LambdaTarget(function)), running, limit(step_s=1.0))

        assert [process.poll() is not None for process in function.started] == [True]
