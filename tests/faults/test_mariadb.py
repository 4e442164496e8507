"""The faults of a MariaDB: killed connections, a crash, an outage, busy threads, and a statement without end."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from functools import partial
from urllib.parse import urlsplit

from tests.faults.figures.load import Client
from tests.faults.figures.replies import (
    AT_ONCE_BELOW_S,
    failures,
    longest_s,
    recovery_s,
    served,
    was_cut_off,
    without_retry_after,
)
from tests.faults.figures.trials import RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.databases import DATABASE, log_of
from tests.faults.parts.mariadb_system import (
    MYSQL_CONTAINER,
    MYSQL_LAMBDA,
    THREADS,
    a_mariadb,
    crash_mariadb,
    end_mariadb_backends,
    mariadb_sleepers,
    restart_mariadb,
    rotate_password,
    serving_on_mariadb,
    until_mariadb_is_ready,
)
from tests.faults.parts.secret_store import a_secret_store
from tests.faults.parts.sleepers import occupy
from tests.faults.parts.system import WORKERS

_RATE_RPS = RATE_WHERE_LAMBDA_WAITS_RPS
_CRASH_S = 2.0
_OUTAGE_S = 60.0
_PUBLISHED_LATE_S = 3.0


@fault(1, "backends killed", MYSQL_CONTAINER, short=[MYSQL_CONTAINER])
async def test_killed_connections_fail_only_the_requests_in_flight(trial: Trial, tmp_path) -> None:
    limits = {"recovery_s": 1.0, "errors_beyond_in_flight": 0}
    with trial.judged(least={"ended": 1}, **limits), a_mariadb() as database:
        async with serving_on_mariadb(trial.target, database, tmp_path, variables=trial.patience) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await load.until_success()
                    await asyncio.sleep(1.0)
                    begin_s = time.monotonic()
                    ended = await end_mariadb_backends(database)
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


@fault(2, "crash, 2 s", MYSQL_CONTAINER, MYSQL_LAMBDA)
async def test_service_returns_within_a_second_of_mariadb(trial: Trial, tmp_path) -> None:
    limits = {"errors_outside_outage": 0, "recovery_s": 1.0, "served_while_down": 0}
    with trial.judged(least={"errors": 1}, **limits), a_mariadb() as database:
        async with serving_on_mariadb(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                await _measure_downtime(trial, system, database, _CRASH_S)


@fault(3, "outage, 60 s", MYSQL_CONTAINER, MYSQL_LAMBDA)
async def test_errors_are_prompt_while_mariadb_is_down(trial: Trial, tmp_path) -> None:
    limits = {"errors_outside_outage": 0, "recovery_s": 3.0, "served_while_down": 0}
    limits |= {"error_latency_s": 6.0, "without_retry_after": 0}
    with trial.judged(least={"errors": _RATE_RPS * _OUTAGE_S / 2}, **limits), a_mariadb() as database:
        async with serving_on_mariadb(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                await _measure_downtime(trial, system, database, _OUTAGE_S)


async def _measure_downtime(trial: Trial, system, database, duration_s: float) -> None:
    async with trial.repetition(system, rate_rps=_RATE_RPS) as load:
        await asyncio.sleep(2.0)
        stopped_s = time.monotonic()
        await crash_mariadb(database)
        begin_s = time.monotonic()
        await asyncio.sleep(duration_s)
        end_s = time.monotonic()
        restart_mariadb(database)
        ready_s = await until_mariadb_is_ready(database)
        await load.until_success(ready_s)
        await asyncio.sleep(2.0)
    errors = failures(load.replies)
    trial.note(
        errors=len(errors),
        errors_outside_outage=sum(error.ended_s < stopped_s - 0.1 or error.due_s > ready_s + 1.0 for error in errors),
        error_latency_s=longest_s(errors),
        without_retry_after=without_retry_after(errors),
        recovery_s=recovery_s(load.replies, ready_s),
        served_while_down=served(load.replies, begin_s, end_s),
    )


@fault(10, "threads exhausted", MYSQL_CONTAINER)
async def test_requests_without_a_thread_are_refused_in_time(trial: Trial, tmp_path) -> None:
    # Each thread keeps a connection, so a request waits for a thread, and for no connection.
    limits = {"refused_after_wait_s": 5.5, "refused_at_once_s": 0.05, "without_retry_after": 0, "recovery_s": 1.0}
    few = {"WEBAPP_MAX_WAITING": "20"}
    with trial.judged(least={"refused_after_wait": 10, "refused_at_once": 10}, **limits), a_mariadb() as database:
        async with serving_on_mariadb(trial.target, database, tmp_path, variables=few) as system:
            for _ in trial.repetitions:
                async with AsyncExitStack() as stack:
                    sleepers = await occupy(
                        stack,
                        system.url,
                        WORKERS * THREADS,
                        partial(mariadb_sleepers, database),
                        hidden=system.hidden,
                        each=THREADS,
                    )
                    async with trial.repetition(system) as load:
                        await asyncio.gather(*sleepers)
                        free_s = time.monotonic()
                        await load.until_success(free_s)
                        await asyncio.sleep(1.0)
                refused = failures(load.replies)
                at_once = [reply for reply in refused if reply.latency_s < AT_ONCE_BELOW_S]
                trial.note(
                    refused_after_wait=len(refused) - len(at_once),
                    refused_at_once=len(at_once),
                    refused_after_wait_s=longest_s(refused),
                    refused_at_once_s=longest_s(at_once),
                    without_retry_after=without_retry_after(refused),
                    recovery_s=recovery_s(load.replies, free_s),
                )


@fault(14, "slow query", MYSQL_CONTAINER, MYSQL_LAMBDA)
async def test_an_endless_statement_gives_a_504(trial: Trial, tmp_path) -> None:
    limits = {"latency_s": 10.0, "other_than_504": 0, "errors": 0}
    with trial.judged(least={"answered": 1}, **limits), a_mariadb() as database:
        async with serving_on_mariadb(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=_RATE_RPS) as load:
                    await asyncio.sleep(1.0)
                async with Client(system.url, hidden=system.hidden) as client:
                    slow = await client.read("/faults/sleep/60/")
                    later = [await client.read() for _ in range(10)]
                trial.note(
                    answered=1,
                    latency_s=slow.latency_s,
                    other_than_504=slow.status != 504 or slow.retry_after is None,
                    errors=len(failures([*load.replies, *later])),
                )


@fault(34, "password rotation, one user", MYSQL_CONTAINER, MYSQL_LAMBDA)
async def test_a_rotated_password_of_mariadb_is_used_when_it_is_published(trial: Trial, tmp_path) -> None:
    passwords = [secrets.token_hex(16) for _ in trial.repetitions]
    limits = {"errors_for_s": 5.0, "served_before_publication": 0}
    least = {"due_before_publication": _RATE_RPS * _PUBLISHED_LATE_S / 2}
    if trial.target == MYSQL_CONTAINER:
        # With a connection per request there may be none at this moment, and each request logs in anyway.
        least["ended"] = 1
    with (
        trial.judged(least=least, **limits),
        a_mariadb() as database,
        a_secret_store(log_of(tmp_path, "store")) as store,
    ):
        await store.publish(database.role, urlsplit(database.url(DATABASE)).password or "")
        async with serving_on_mariadb(
            trial.target, database, tmp_path, variables=store.variables, hidden=passwords
        ) as system:
            for password in passwords:
                async with trial.repetition(system, rate_rps=_RATE_RPS) as load:
                    await load.until_success(0.0)
                    await asyncio.sleep(1.0)
                    rotated_s = time.monotonic()
                    await rotate_password(database, password)
                    begin_s = time.monotonic()
                    # Existing sessions survive a rotation, so end them to make every connection log in again.
                    ended = await end_mariadb_backends(database)
                    end_s = time.monotonic()
                    await asyncio.sleep(_PUBLISHED_LATE_S)
                    published_s = time.monotonic()
                    await store.publish(database.role, password)
                    await load.until_success(time.monotonic())
                    # Continue beyond the limit to see errors that persist.
                    await asyncio.sleep(3.0)
                errors = [error for error in failures(load.replies) if not was_cut_off(error, begin_s, end_s)]
                trial.note(
                    ended=ended,
                    due_before_publication=sum(end_s < reply.due_s < published_s for reply in load.replies),
                    served_before_publication=served(load.replies, end_s, published_s),
                    errors=len(errors),
                    errors_for_s=max((error.ended_s - rotated_s for error in errors), default=0.0),
                )
