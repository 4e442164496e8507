"""Invocations of an emulated function."""

import asyncio
import json
import re

import pytest
import uvloop

from django_runtimes.compare.emulator.freezer import SignalFreezer
from django_runtimes.compare.emulator.invocation import (
    REQUEST_LIMIT_BYTES,
    RESPONSE_LIMIT_BYTES,
    FunctionFailed,
    PayloadTooLarge,
    Throttled,
    TimedOut,
)
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from tests.integration.compare.targets.aws_lambda.events import event
from tests.integration.compare.targets.aws_lambda.idle import ready_count
from tests.integration.compare.targets.aws_lambda.patience import give_time

TRACE_ID = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"


async def test_the_first_invocation_is_cold_and_the_next_is_warm(function):
    async with LambdaEmulator(function("echo.handler")) as emulator:
        cold = await emulator.invoke(event(n=1))
        warm = await emulator.invoke(event(n=2))

        assert json.loads(cold.payload)["event"] == {"n": 1}
        assert json.loads(warm.payload)["event"] == {"n": 2}
        assert warm.environment_id == cold.environment_id
        assert emulator.started_count == 1
        assert cold.init_ms is not None
        assert warm.init_ms is None
        assert emulator.init_durations_ms == (cold.init_ms,)


async def test_the_handler_gets_lambdas_documented_context(function):
    async with LambdaEmulator(function("echo.handler", timeout_s=70.0, memory_mb=512)) as emulator:
        seen = json.loads((await emulator.invoke(event())).payload)
        again = json.loads((await emulator.invoke(event())).payload)

    assert seen["function_arn"] == "arn:aws:lambda:us-east-1:123456789012:function:test"
    assert (seen["function_name"], seen["memory_mb"]) == ("test", "512")
    assert "[$LATEST]" in seen["log_stream"]
    assert 0 < seen["remaining_ms"] <= 70_000
    assert seen["request_id"] != again["request_id"]
    assert re.fullmatch(TRACE_ID, seen["environ"]["_X_AMZN_TRACE_ID"])
    assert seen["environ"]["_X_AMZN_TRACE_ID"] != again["environ"]["_X_AMZN_TRACE_ID"]
    assert "PYTHONDONTWRITEBYTECODE" not in seen["environ"]
    assert "HOME" not in seen["environ"]


async def test_concurrent_invocations_get_an_environment_each(function, tmp_path, until):
    async with LambdaEmulator(function("echo.meeting")) as emulator:
        invocations = [asyncio.create_task(emulator.invoke(event(place=str(tmp_path)))) for _ in range(6)]
        await until(lambda: len(list(tmp_path.glob("arrived-*"))) == 6)
        (tmp_path / "go").touch()

        assert len({json.loads((await invocation).payload)["pid"] for invocation in invocations}) == 6
        assert emulator.started_count == 6
        await until(lambda: ready_count(emulator) == 6)


async def test_the_most_recently_used_environment_is_reused(function, until):
    async with LambdaEmulator(function("echo.plain")) as emulator:
        await emulator.warm(3)
        served = set()
        for _ in range(5):
            served.add((await emulator.invoke(event())).environment_id)
            await until(lambda: ready_count(emulator) == 3)

        assert len(served) == 1


async def test_an_invocation_above_the_concurrency_limit_is_throttled(function):
    async with LambdaEmulator(function("echo.handler", concurrency_limit=2)) as emulator:
        running = [asyncio.create_task(emulator.invoke(event(sleep_s=0.5))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Throttled, match="2 invocations of 'test' are running"):
            await emulator.invoke(event())
        await asyncio.gather(*running)

        assert json.loads((await emulator.invoke(event(n=3))).payload)["event"] == {"n": 3}
        assert emulator.started_count == 2


async def test_a_waiting_invocation_gets_the_first_free_environment(function):
    async with LambdaEmulator(function("slow_start.handler", init_timeout_s=300.0)) as emulator:
        await emulator.warm(1)
        busy = asyncio.create_task(emulator.invoke(event(sleep_s=0.2)))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(emulator.invoke(event()))

        # A second environment is starting, but the first is free minutes before the second is ready.
        assert (await waiting).environment_id == (await busy).environment_id
        assert (await waiting).init_ms is None


async def test_the_next_invocation_works_after_a_timeout(function, until, is_alive, tmp_path):
    async with LambdaEmulator(function("echo.handler", timeout_s=1.0)) as emulator:
        await emulator.warm(1)
        [pid] = emulator.process_ids
        with pytest.raises(TimedOut, match=r"Task timed out after 1\.00 seconds"):
            await emulator.invoke(event(sleep_s=600))

        await until(lambda: not is_alive(pid))
        give_time(emulator)
        after = await emulator.invoke(event())
        assert after.init_ms is not None
        assert (emulator.started_count, emulator.failed_count) == (2, 1)
        assert [log.read_text() for log in (tmp_path / "logs").iterdir() if log.stat().st_size] == [
            "Task timed out after 1.00 seconds\n"
        ]


async def test_an_environment_is_reused_after_an_exception(function):
    async with LambdaEmulator(function("echo.raising")) as emulator:
        with pytest.raises(FunctionFailed) as failure:
            await emulator.invoke(json.dumps({"raise": "no such entry"}).encode())

        assert (failure.value.error_type, failure.value.message) == ("ValueError", "no such entry")
        fine = await emulator.invoke(event())
        assert json.loads(fine.payload) == "fine"
        assert (emulator.started_count, emulator.failed_count) == (1, 0)
        # Only successful invocations have a duration.
        assert emulator.handler_durations_ms == [fine.duration_ms]


async def test_a_handler_that_ends_its_process_fails_only_one_invocation(function):
    async with LambdaEmulator(function("echo.exiting")) as emulator:
        with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError: .*exit status 3"):
            await emulator.invoke(event(exit=True))

        await emulator.invoke(event())
        assert (emulator.started_count, emulator.failed_count) == (2, 1)


async def test_a_cancelled_caller_does_not_end_its_invocation(function, until):
    async with LambdaEmulator(function("echo.handler")) as emulator:
        await emulator.warm(1)
        leaving = asyncio.create_task(emulator.invoke(event(sleep_s=0.3)))
        await asyncio.sleep(0.05)
        leaving.cancel()

        await until(lambda: ready_count(emulator) == 1)
        assert (emulator.started_count, emulator.failed_count) == (1, 0)


async def test_an_event_above_the_limit_is_refused(function):
    async with LambdaEmulator(function("echo.plain")) as emulator:
        largest = json.dumps("x" * (REQUEST_LIMIT_BYTES - 2)).encode()

        assert (await emulator.invoke(largest)).payload == largest
        with pytest.raises(PayloadTooLarge, match="an event of 6291457 bytes"):
            await emulator.invoke(largest + b" ")


async def test_a_response_above_the_limit_fails_the_invocation(function):
    async with LambdaEmulator(function("echo.large")) as emulator:
        largest = await emulator.invoke(event(bytes=RESPONSE_LIMIT_BYTES))
        assert len(largest.payload) == RESPONSE_LIMIT_BYTES

        with pytest.raises(FunctionFailed) as failure:
            await emulator.invoke(event(bytes=RESPONSE_LIMIT_BYTES + 1))
        assert failure.value.error_type == "Function.ResponseSizeTooLarge"

        assert len((await emulator.invoke(event(bytes=10))).payload) == 10


async def test_two_emulators_run_side_by_side(function):
    async with (
        LambdaEmulator(function("echo.plain")) as first,
        LambdaEmulator(function("echo.plain"), freezer=SignalFreezer()) as second,
    ):
        results = await asyncio.gather(first.invoke(event(n=1)), second.invoke(event(n=2)))

    assert [json.loads(result.payload) for result in results] == [{"n": 1}, {"n": 2}]


def test_it_runs_on_uvloop(function):
    async def run():
        async with LambdaEmulator(function("echo.exiting", timeout_s=30.0)) as emulator:
            await emulator.warm(2)
            with pytest.raises(FunctionFailed, match="exit status 3"):
                await emulator.invoke(event(exit=True))
            await emulator.invoke(event())
            return emulator.started_count, emulator.failed_count

    assert uvloop.run(run()) == (2, 1)
