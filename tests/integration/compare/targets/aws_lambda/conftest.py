"""Emulated functions whose handlers are the modules in handlers/."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from django_runtimes.compare.emulator.freezer import CgroupFreezer, Freezer, SignalFreezer, choose_freezer
from django_runtimes.compare.emulator.lambda_function import Function
from tests.integration.compare import process_tree

HANDLERS = Path(__file__).parent / "handlers"


@pytest.fixture
def function(tmp_path: Path) -> Callable[..., Function]:
    """Creates a function from a handler; keyword arguments are its configuration."""

    def make(handler: str, **configuration: object) -> Function:
        environ = {"PYTHONPATH": str(HANDLERS), "STARTED": str(tmp_path / "started")}
        return Function("test", handler, environ, tmp_path / "logs", **configuration)  # type: ignore[arg-type]

    return make


@pytest.fixture(params=[SignalFreezer, CgroupFreezer], ids=["signals", "cgroup"])
def freezer(request: pytest.FixtureRequest) -> Freezer:
    """Each freezer in turn; the cgroup freezer only where cgroups are writable."""
    if request.param is SignalFreezer:
        return SignalFreezer()
    chosen = choose_freezer()
    if not isinstance(chosen, CgroupFreezer):
        pytest.skip(
            "no cgroup v2 directory is writable here; run the tests as root where cgroup v2 is mounted writable"
        )
    return chosen


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Returns a function that tells whether a process is alive: a frozen process is, a zombie is not."""
    return process_tree.is_alive


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits for a condition, long enough for a busy machine."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():  # noqa: ASYNC110 - the condition depends on other processes
                await asyncio.sleep(0.005)

    return wait
