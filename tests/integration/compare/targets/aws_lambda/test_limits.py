"""Execution environments within the CPU share and the memory of a function, on real cgroups."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator import limited_freezer as module
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.invocation import FunctionFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.limited_freezer import LimitRoots, limited_freezer


@pytest.fixture
def limited(function):
    """Returns a function that makes an emulator within the limits of a memory size."""

    def make(handler: str, memory_mb: int) -> LambdaEmulator:
        configured: Function = function(handler).limited(memory_mb)
        try:
            freezer = limited_freezer(ContainerLimits.of_lambda(memory_mb))
        except CompareError as error:
            pytest.skip(str(error))
        return LambdaEmulator(configured, freezer=freezer)

    return make


async def test_an_environment_gets_the_cpu_share_of_its_memory(limited):
    # 442 MB have a quarter of a CPU.
    async with limited("limits.busy", 442) as emulator:
        used = json.loads((await emulator.invoke(b"{}")).payload)

    # Another program can leave it less, and nothing gives it more. The quota of two periods is left over at the most.
    assert used["cpu_s"] <= 0.25 * used["wall_s"] + 2 * 0.005
    assert used["memory_size"] == "442"


async def test_an_environment_that_exceeds_its_memory_is_killed(limited):
    async with limited("limits.allocate", 128) as emulator:
        within = await emulator.invoke(json.dumps({"mb": 20}).encode())
        with pytest.raises(FunctionFailed, match="signal 9"):
            await emulator.invoke(json.dumps({"mb": 400}).encode())
        after = await emulator.invoke(json.dumps({"mb": 20}).encode())

    assert json.loads(within.payload) == json.loads(after.payload) == 20


async def test_closing_removes_the_groups(limited):
    emulator = limited("limits.allocate", 512)
    async with emulator:
        await emulator.warm(1)
        assert groups()

    assert groups() == []


def groups() -> list[Path]:
    roots = module.find_limit_roots(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    found = (roots.unified, roots.cpu, roots.memory)
    return [group for root in found if root is not None for group in root.glob(f"webapp-{os.getpid()}-*")]


def test_where_limits_are_impossible_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(module, "find_limit_roots", lambda *_: LimitRoots())

    with pytest.raises(CompareError, match=r"cannot create cgroups .*; run as root or under `systemd-run"):
        limited_freezer(ContainerLimits.of_lambda(512))


def test_the_details_have_the_limits(function):
    limited = replace(function("limits.busy"), timeout_s=3.0).limited(512)

    assert limited.details["limits"] == "0.289 CPU and 512 MB"
    assert "limits" not in function("limits.busy").details
