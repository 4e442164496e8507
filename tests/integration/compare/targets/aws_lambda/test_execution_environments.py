"""The init phase of emulated execution environments, and their end."""

import asyncio
import json
import os
import signal

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.environments import environment_process
from django_runtimes.compare.emulator.invocation import FunctionFailed, InitFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from tests.integration.compare.targets.aws_lambda.events import event
from tests.integration.compare.targets.aws_lambda.idle import ready_count


async def test_an_environment_that_dies_frozen_is_not_reused(function, freezer, until):
    async with LambdaEmulator(function("echo.handler"), freezer=freezer) as emulator:
        pid = json.loads((await emulator.invoke(event())).payload)["pid"]
        await until(lambda: ready_count(emulator) == 1)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: ready_count(emulator) == 0)

        assert json.loads((await emulator.invoke(event())).payload)["pid"] != pid


async def test_an_import_error_fails_the_invocation_with_its_cause(function):
    async with LambdaEmulator(function("broken.handler")) as emulator:
        with pytest.raises(InitFailed) as failure:
            await emulator.invoke(event())

        assert failure.value.error_type == "Runtime.ImportModuleError"
        assert "a_module_that_does_not_exist" in failure.value.message


async def test_each_failed_init_fails_one_invocation(function):
    async with LambdaEmulator(function("broken.handler")) as emulator:
        results = await asyncio.gather(*(emulator.invoke(event()) for _ in range(3)), return_exceptions=True)

        assert [type(result) for result in results] == [InitFailed] * 3
        assert (emulator.started_count, emulator.failed_count, ready_count(emulator)) == (3, 3, 0)


async def test_a_slow_init_phase_is_stopped(function, tmp_path):
    async with LambdaEmulator(function("slow.handler", init_timeout_s=0.5)) as emulator:
        with pytest.raises(InitFailed, match=r"Sandbox\.Timedout: not ready after 0\.5 s"):
            await emulator.invoke(event())

    [log] = (tmp_path / "logs").iterdir()
    assert log.read_text() == "INIT_REPORT Init Duration: 500.00 ms\tPhase: init\tStatus: timeout\n"


async def test_init_time_excludes_waiting_for_a_cpu(function, monkeypatch):
    waited_s = iter((0.2, 0.3))
    monkeypatch.setattr(environment_process, "cpu_wait_s", lambda pid: next(waited_s, 0.0))
    async with LambdaEmulator(function("slow.handler", init_timeout_s=0.2)) as emulator:
        with pytest.raises(InitFailed, match=r"not ready after 0\.2 s"):
            await emulator.invoke(event())

    assert list(waited_s) == []


async def test_an_interpreter_that_cannot_start_is_reported(function):
    async with LambdaEmulator(function("echo.handler", python="/nowhere/python")) as emulator:
        with pytest.raises(InitFailed, match="/nowhere/python"):
            await emulator.invoke(event())


async def test_warmed_environments_have_no_cold_start(function):
    async with LambdaEmulator(function("echo.handler")) as emulator:
        await emulator.warm(5)
        assert (ready_count(emulator), emulator.started_count) == (5, 5)

        results = await asyncio.gather(*(emulator.invoke(event(sleep_s=0.3)) for _ in range(5)))
        assert [result.init_ms for result in results] == [None] * 5
        assert emulator.started_count == 5
        assert len(emulator.init_durations_ms) == 5


async def test_warming_a_broken_function_gives_the_reason_in_one_line(function):
    async with LambdaEmulator(function("broken.handler")) as emulator:
        with pytest.raises(CompareError) as failure:
            await emulator.warm(2)

    message = str(failure.value)
    assert message.startswith("an execution environment of function 'test' never became ready: Runtime.ImportModule")
    assert "a_module_that_does_not_exist" in message
    assert "\n" not in message


async def test_warming_above_the_concurrency_limit_is_refused(function):
    async with LambdaEmulator(function("echo.handler", concurrency_limit=3)) as emulator:
        with pytest.raises(CompareError, match="4 warm environments exceed the concurrency limit of 3"):
            await emulator.warm(4)
        assert emulator.started_count == 0


async def test_after_retiring_all_the_next_invocation_is_cold(function, freezer, is_alive):
    async with LambdaEmulator(function("echo.handler"), freezer=freezer) as emulator:
        pid = json.loads((await emulator.invoke(event())).payload)["pid"]
        await emulator.retire_all()

        assert not is_alive(pid)
        assert (ready_count(emulator), emulator.failed_count) == (0, 0)
        assert (await emulator.invoke(event())).init_ms is not None


@pytest.fixture
def long_shutdown(monkeypatch):
    """Give an extension minutes to end, so that a machine that stands still for some seconds does not end it."""
    monkeypatch.setattr(environment_process, "_SHUTDOWN_S", 300.0)


@pytest.mark.usefixtures("long_shutdown")
async def test_the_runtime_api_stays_open_while_an_extension_shuts_down(function, tmp_path, until):
    async with LambdaEmulator(function("slow_exit.handler", task_root=tmp_path)) as emulator:
        await emulator.invoke(event())
        await until(lambda: ready_count(emulator) == 1)
        await emulator.retire_all()

    assert (tmp_path / "cleaned_up").exists()


@pytest.mark.usefixtures("long_shutdown")
async def test_a_runtime_that_polls_during_shutdown_gets_no_event(function, tmp_path):
    async with LambdaEmulator(function("slow_exit.handler", task_root=tmp_path)) as emulator:
        await emulator.invoke(event())
        await emulator.retire_all()

    assert (tmp_path / "cleaned_up").exists()


async def test_an_idle_environment_is_reaped(function, until, is_alive):
    async with LambdaEmulator(function("echo.handler", idle_reap_s=0.2)) as emulator:
        pid = json.loads((await emulator.invoke(event())).payload)["pid"]

        await until(lambda: not is_alive(pid))
        assert (ready_count(emulator), emulator.failed_count) == (0, 0)


async def test_closing_the_emulator_ends_every_process(function, freezer, is_alive):
    async with LambdaEmulator(function("echo.handler"), freezer=freezer) as emulator:
        await emulator.warm(2)
        frozen = json.loads((await emulator.invoke(event())).payload)["pid"]
        running = [asyncio.create_task(emulator.invoke(event(sleep_s=60))) for _ in range(3)]
        await asyncio.sleep(0.05)

    assert not is_alive(frozen)
    failures = await asyncio.gather(*running, return_exceptions=True)
    assert [type(failure) for failure in failures] == [FunctionFailed] * 3
