"""The database's backends, or all of it, end without warning."""

import asyncio
import time

from tests.faults.databases import a_database, crash, end_backends, until_ready
from tests.faults.replies import clear_s, failures, longest_s, recovery_s, without_retry_after
from tests.faults.system import CONTAINER, LAMBDA, POOL_MAX, WORKERS, serving
from tests.faults.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault

_MAX_WAITING = 128
_OUTAGE_S = 60.0


@fault(1, "backends killed", CONTAINER, short=[CONTAINER])
async def test_killed_backends_cost_no_more_than_the_requests_in_flight(trial: Trial, tmp_path) -> None:
    with trial.judged(recovery_s=1.0, errors_beyond_in_flight=0), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await asyncio.sleep(1.0)
                    in_flight = load.in_flight
                    await end_backends(database)
                    killed_s = time.monotonic()
                    await load.until_success(killed_s)
                    await asyncio.sleep(1.0)
                errors = len(failures(load.replies))
                trial.note(
                    errors=errors,
                    errors_beyond_in_flight=max(0, errors - in_flight),
                    recovery_s=recovery_s(load.replies, killed_s),
                )


@fault(2, "crash, 2 s", CONTAINER, LAMBDA)
async def test_a_crash_is_over_within_a_second_of_the_database(trial: Trial, tmp_path) -> None:
    limits = {"error_share": 0.01} if trial.target == CONTAINER else {"errors_outside_outage": 0}
    with trial.judged(recovery_s=1.0, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=30) as system:
            rate_rps = RATE_WHERE_LAMBDA_WAITS_RPS if system.is_lambda else RATE_RPS
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=rate_rps) as load:
                    await asyncio.sleep(3.0)
                    stopped_s = time.monotonic()
                    await crash(database)
                    await asyncio.sleep(2.0)
                    database.restart()
                    ready_s = await until_ready(database.administration_url)
                    await load.until_success(ready_s)
                    await asyncio.sleep(5.0)
                errors = failures(load.replies)
                trial.note(
                    error_share=len(errors) / len(load.replies),
                    # What was due in the outage may be answered until a second after it.
                    errors_outside_outage=sum(
                        error.ended_s < stopped_s - 0.1 or error.due_s > ready_s + 1.0 for error in errors
                    ),
                    recovery_s=recovery_s(load.replies, ready_s),
                    clear_s=clear_s(load.replies, ready_s),
                )


@fault(3, "outage, 60 s", CONTAINER, LAMBDA)
async def test_a_long_outage_is_answered_in_time_and_forgotten_at_once(trial: Trial, tmp_path) -> None:
    limits = {"error_latency_s": 6.0, "without_retry_after": 0, "recovery_s": 3.0}
    with trial.judged(**limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=30) as system:
            rate_rps = RATE_WHERE_LAMBDA_WAITS_RPS if system.is_lambda else RATE_RPS
            # On Lambda the concurrency limit is the queue's end.
            trial.limits["most_waiting"] = 50 if system.is_lambda else WORKERS * (POOL_MAX + _MAX_WAITING)
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=rate_rps) as load:
                    await asyncio.sleep(1.0)
                    await crash(database)
                    await asyncio.sleep(_OUTAGE_S)
                    database.restart()
                    ready_s = await until_ready(database.administration_url)
                    await load.until_success(ready_s)
                    await asyncio.sleep(2.0)
                errors = failures(load.replies)
                trial.note(
                    errors=len(errors),
                    error_latency_s=longest_s(errors),
                    without_retry_after=without_retry_after(errors),
                    most_waiting=load.most_in_flight,
                    recovery_s=recovery_s(load.replies, ready_s),
                    clear_s=clear_s(load.replies, ready_s),
                )
