"""Database backends, or the whole server, end without warning."""

import asyncio
import time
from contextlib import AsyncExitStack

from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.faults.figures.replies import (
    Reply,
    clear_s,
    failures,
    longest_s,
    recovery_s,
    served,
    was_cut_off,
    without_retry_after,
)
from tests.faults.figures.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.databases import a_database, crash, end_backends, until_ready
from tests.faults.parts.system import CONTAINER, LAMBDA, POOL_MAX, WORKERS, System, serving
from tests.restarts import restart_postgres

_MAX_WAITING = 128
_CRASH_S = 2.0
_OUTAGE_S = 60.0


@fault(1, "backends killed", CONTAINER, short=[CONTAINER])
async def test_killed_backends_fail_only_the_requests_in_flight(trial: Trial, tmp_path) -> None:
    limits = {"recovery_s": 1.0, "errors_beyond_in_flight": 0}
    with trial.judged(least={"ended": 1}, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, variables=trial.patience) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await load.until_success()
                    await asyncio.sleep(1.0)
                    begin_s = time.monotonic()
                    ended = await end_backends(database)
                    killed_s = time.monotonic()
                    await load.until_success(killed_s)
                    await asyncio.sleep(1.0)
                errors, within_s = failures(load.replies), trial.cut_off_within_s
                cut_off = [error for error in errors if was_cut_off(error, begin_s, killed_s, within_s=within_s)]
                trial.note(
                    ended=ended,
                    errors=len(errors),
                    errors_beyond_in_flight=len(errors) - len(cut_off),
                    recovery_s=recovery_s(load.replies, killed_s),
                )


@fault(2, "crash, 2 s", CONTAINER, LAMBDA)
async def test_service_returns_within_a_second_of_the_database(trial: Trial, tmp_path) -> None:
    rate_rps = RATE_RPS if trial.target == CONTAINER else RATE_WHERE_LAMBDA_WAITS_RPS
    limits = {"error_share": 0.01} if trial.target == CONTAINER else {"errors_outside_outage": 0}
    least = {"due_while_down": rate_rps * _CRASH_S / 2}
    with trial.judged(least=least, recovery_s=1.0, served_while_down=0, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=30) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=rate_rps) as load:
                    await asyncio.sleep(3.0)
                    stopped_s = time.monotonic()
                    downtime = await _restart_after(database, _CRASH_S)
                    ready_s = await until_ready(database.administration_url)
                    await load.until_success(ready_s)
                    # The share of errors is measured over ten seconds of requests.
                    await asyncio.sleep(5.0)
                errors = failures(load.replies)
                trial.note(
                    **_service_during(downtime, load.replies),
                    error_share=len(errors) / len(load.replies),
                    # A request that was due during the outage may be answered up to a second after it.
                    errors_outside_outage=sum(
                        error.ended_s < stopped_s - 0.1 or error.due_s > ready_s + 1.0 for error in errors
                    ),
                    recovery_s=recovery_s(load.replies, ready_s),
                    clear_s=clear_s(load.replies, ready_s),
                )


@fault(3, "outage, 60 s", CONTAINER, LAMBDA)
async def test_errors_are_prompt_during_an_outage_and_end_with_it(trial: Trial, tmp_path) -> None:
    rate_rps = RATE_RPS if trial.target == CONTAINER else RATE_WHERE_LAMBDA_WAITS_RPS
    limits = {"error_latency_s": 6.0, "without_retry_after": 0, "recovery_s": 3.0, "served_while_down": 0}
    # On Lambda the concurrency limit bounds the queue.
    limits["most_waiting"] = 50 if trial.target == LAMBDA else WORKERS * (POOL_MAX + _MAX_WAITING)
    few = rate_rps * _OUTAGE_S / 2
    with trial.judged(least={"due_while_down": few, "errors": few}, **limits):
        async with AsyncExitStack() as stack:
            systems = []
            # The repetitions wait out their minute at the same time, each with its own system.
            for number in trial.repetitions:
                (tmp_path / str(number)).mkdir()
                database = stack.enter_context(a_database())
                context = serving(trial.target, database, tmp_path / str(number))
                systems.append((await stack.enter_async_context(context), database))
            await asyncio.gather(*(_measure_outage(trial, system, database, rate_rps) for system, database in systems))


async def _measure_outage(trial: Trial, system: System, database: EmbeddedPostgres, rate_rps: float) -> None:
    async with trial.repetition(system, rate_rps=rate_rps) as load:
        await asyncio.sleep(1.0)
        downtime = await _restart_after(database, _OUTAGE_S)
        ready_s = await until_ready(database.administration_url)
        await load.until_success(ready_s)
        await asyncio.sleep(2.0)
    errors = failures(load.replies)
    trial.note(
        **_service_during(downtime, load.replies),
        errors=len(errors),
        error_latency_s=longest_s(errors),
        without_retry_after=without_retry_after(errors),
        most_waiting=load.most_in_flight,
        recovery_s=recovery_s(load.replies, ready_s),
        clear_s=clear_s(load.replies, ready_s),
    )


async def _restart_after(database: EmbeddedPostgres, duration_s: float) -> tuple[float, float]:
    """Crash a server and restart it after `duration_s`; return the monotonic times between which it was down."""
    await crash(database)
    begin_s = time.monotonic()
    await asyncio.sleep(duration_s)
    end_s = time.monotonic()
    restart_postgres(database)
    return begin_s, end_s


def _service_during(downtime: tuple[float, float], replies: list[Reply]) -> dict[str, float]:
    begin_s, end_s = downtime
    return {
        "due_while_down": sum(begin_s < reply.due_s < end_s for reply in replies),
        "served_while_down": served(replies, begin_s, end_s),
    }
