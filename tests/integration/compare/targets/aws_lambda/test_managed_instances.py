"""Emulated Managed Instances: several processes of one execution environment, run by the library's own supervisor."""

import asyncio
import json
import os
import signal

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.invocation import FunctionFailed, Throttled, TimedOut
from django_runtimes.compare.emulator.managed_emulator import ManagedEmulator
from tests.integration.compare.targets.aws_lambda.patience import give_time

pytestmark = pytest.mark.profile_free

LOOPS = pytest.mark.parametrize("loop", ["own", "awslambdaric"])


async def invoke(emulator: ManagedEmulator, **event: object) -> dict:
    return json.loads((await emulator.invoke(json.dumps(event).encode())).payload)


def managed(function, handler: str, processes: int = 2, **configuration: object):
    return function(handler, processes=processes, **configuration)


@LOOPS
async def test_as_many_invocations_run_at_once_as_there_are_processes(function, tmp_path, loop, until):
    meeting = managed(function, "echo.meeting", processes=3)
    meeting.environ["WEBAPP_LAMBDA_LOOP"] = loop
    async with ManagedEmulator(meeting) as emulator:
        await emulator.warm(3)
        together = [asyncio.create_task(invoke(emulator, place=str(tmp_path))) for _ in range(3)]
        await until(lambda: len(list(tmp_path.glob("arrived-*"))) == 3)
        with pytest.raises(Throttled, match="Rate Exceeded: all 3 processes of 'test' are busy"):
            await emulator.invoke(b"{}")
        (tmp_path / "go").touch()
        pids = {answer["pid"] for answer in await asyncio.gather(*together)}

        assert len(pids) == 3
        # They are children of one process, which serves nothing.
        assert pids.isdisjoint(emulator.process_ids)
        assert emulator.started_count == 1


async def test_a_process_has_the_variables_of_managed_instances(function):
    async with ManagedEmulator(managed(function, "echo.handler")) as emulator:
        await emulator.warm(1)
        answer = await invoke(emulator)

    environ = answer["environ"]
    assert environ["AWS_LAMBDA_MAX_CONCURRENCY"] == "2"
    assert environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "lambda-managed-instances"
    assert environ["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert environ["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


async def test_processes_go_on_between_invocations(function, until, tmp_path):
    heartbeat = tmp_path / "heartbeat"
    async with ManagedEmulator(managed(function, "echo.ticking", processes=1)) as emulator:
        await emulator.warm(1)
        await emulator.invoke(json.dumps({"heartbeat": str(heartbeat)}).encode())
        size = heartbeat.stat().st_size
        await until(lambda: heartbeat.stat().st_size > size + 3)


@LOOPS
async def test_a_process_that_ends_is_replaced_and_the_others_go_on(function, until, loop):
    exiting = managed(function, "echo.exiting", timeout_s=30.0)
    exiting.environ["WEBAPP_LAMBDA_LOOP"] = loop
    async with ManagedEmulator(exiting) as emulator:
        await emulator.warm(2)
        before = {(await invoke(emulator))["pid"]}
        await emulator.warm(2)
        lost = asyncio.create_task(emulator.invoke(b'{"exit": true}'))
        [environment] = emulator.environments
        await until(lambda: "another one starts" in environment.log.read_text())
        await emulator.warm(2)
        after = {(await invoke(emulator))["pid"] for _ in range(20)}

        assert environment.log.read_text().count("ended with exit status 3; another one starts in 0.5 s") == 1
        assert after - before
        assert emulator.started_count == 1
        lost.cancel()


async def test_a_process_that_exceeds_the_timeout_is_replaced(function, until):
    slow = managed(function, "echo.handler", timeout_s=1.0)
    async with ManagedEmulator(slow) as emulator:
        await emulator.warm(2)
        with pytest.raises(TimedOut, match=r"Task timed out after 1\.00 seconds"):
            await invoke(emulator, sleep_s=600)
        [environment] = emulator.environments
        await until(lambda: "ended with exit status 1" in environment.log.read_text())
        give_time(environment)
        await emulator.warm(2)

        log = environment.log.read_text()
        # The traceback names the line that did not return.
        assert "Timeout (0:00:" in log
        assert 'echo.py", line' in log
        assert (await invoke(emulator))["event"] == {}
        assert emulator.failed_count == 0


async def test_an_error_of_one_invocation_ends_no_process(function):
    async with ManagedEmulator(managed(function, "echo.raising", processes=1)) as emulator:
        await emulator.warm(1)
        with pytest.raises(FunctionFailed, match="ValueError: as asked"):
            await emulator.invoke(b'{"raise": "as asked"}')

        assert json.loads((await emulator.invoke(b"{}")).payload) == "fine"


@LOOPS
async def test_a_handler_that_cannot_load_is_reported_once(function, loop):
    broken = managed(function, "broken.handler", processes=8)
    broken.environ["WEBAPP_LAMBDA_LOOP"] = loop
    async with ManagedEmulator(broken) as emulator:
        with pytest.raises(CompareError, match="never became ready"):
            await emulator.warm(1)
        [log] = emulator.logs

        assert log.read_text().count('"errorType"') == 1


async def test_the_environment_has_one_extension_and_ends_with_all_its_processes(function, is_alive, until):
    async with ManagedEmulator(managed(function, "echo.exiting", processes=3)) as emulator:
        await emulator.warm(3)
        [environment] = emulator.environments
        pids = {(await invoke(emulator))["pid"] for _ in range(3)} | {environment.process_id}
        await emulator.retire_all()

        assert environment.extension_count == 1
        await until(lambda: not any(map(is_alive, pids)))


async def test_the_end_of_the_supervisor_ends_its_processes(function, is_alive, until):
    async with ManagedEmulator(managed(function, "echo.exiting", processes=2)) as emulator:
        await emulator.warm(2)
        [environment] = emulator.environments
        pid = (await invoke(emulator))["pid"]
        os.kill(environment.process_id, signal.SIGKILL)

        await until(lambda: not is_alive(pid))
        await until(lambda: emulator.failed_count == 1)
        # As on Lambda, another environment takes its place.
        await emulator.warm(2)
        assert (await invoke(emulator))["pid"] != pid
