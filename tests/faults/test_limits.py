"""The application needs more connections, or more time on them, than the database has."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import psycopg

from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.faults.figures.load import Client, SteadyLoad
from tests.faults.figures.replies import (
    AT_ONCE_BELOW_S,
    Reply,
    clear_s,
    failures,
    longest_s,
    recovery_s,
    served,
    without_retry_after,
)
from tests.faults.figures.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.databases import DATABASE, OURS, a_database, administration, backends, end_backends
from tests.faults.parts.sleepers import SLEEP_S, occupy
from tests.faults.parts.system import CONTAINER, LAMBDA, POOL_MAX, WORKERS, serving
from tests.faults.waiting import until

_STORM = 500
_REFUSALS = ("too many clients already", "remaining connection slots")
# All of the server's 100 connections, except three reserved connections and the case's own.
_STOLEN_AT_LEAST = 90
_CONNECT_TIMEOUT_S = 5
_SLEEPING = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active' AND pid <> pg_backend_pid()"
# Longer than any case; the case ends the sleep.
_SLEEP_S = 60
_REFUSED_AT_LEAST = 10


@fault(6, "connection storm", LAMBDA)
async def test_a_storm_of_clients_is_served_through_the_proxy(trial: Trial, tmp_path) -> None:
    # Without the proxy at least a third of the clients must be refused, or the case proves nothing.
    least = {"refused_without_proxy": _STORM // 3}
    with trial.judged(least=least, errors=0), a_database(max_connections=100) as database:
        async with serving(trial.target, database, tmp_path) as system:
            assert system.proxy is not None
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=RATE_WHERE_LAMBDA_WAITS_RPS) as load:
                    failed, storm_s = await _storm(system.proxy.url(DATABASE))
                trial.note(errors=len(failed) + len(failures(load.replies)), storm_s=storm_s)
                failed, _ = await _storm(database.url(DATABASE))
                trial.note(refused_without_proxy=sum(any(text in error for text in _REFUSALS) for error in failed))


@fault(7, "slots stolen", CONTAINER, LAMBDA, short=[CONTAINER])
async def test_readiness_shows_stolen_slots_and_service_recovers(trial: Trial, tmp_path) -> None:
    limits = {"ready_while_stolen": 0, "unhealthy": 0, "served_while_stolen": 0, "recovery_s": 2.0}
    least = {"stolen": _STOLEN_AT_LEAST}
    with trial.judged(least=least, **limits), a_database(max_connections=100) as database:
        async with serving(trial.target, database, tmp_path) as system:
            rate_rps = RATE_WHERE_LAMBDA_WAITS_RPS if system.is_lambda else RATE_RPS
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=rate_rps) as load:
                    await asyncio.sleep(0.5)
                    async with (
                        _stolen_slots(database) as stolen,
                        Client(system.url, hidden=system.hidden) as client,
                    ):
                        stolen_s = time.monotonic()
                        await asyncio.sleep(0.5)
                        for _ in range(3):
                            readiness = await client.read("/readyz")
                            health = await client.read("/healthz")
                            trial.note(
                                ready_while_stolen=readiness.status != 503,
                                unhealthy=health.status != 200,
                                readiness_s=readiness.latency_s,
                            )
                        returned_s = time.monotonic()
                    free_s = time.monotonic()
                    await load.until_success(free_s)
                    await asyncio.sleep(2.0)
                trial.note(
                    stolen=stolen,
                    served_while_stolen=served(load.replies, stolen_s, returned_s),
                    errors=len(failures(load.replies)),
                    recovery_s=recovery_s(load.replies, free_s),
                    clear_s=clear_s(load.replies, free_s),
                )


@fault(10, "pool exhausted", CONTAINER, LAMBDA, short=[CONTAINER])
async def test_an_exhausted_pool_refuses_in_time_and_recovers_at_once(trial: Trial, tmp_path) -> None:
    # A waiting request is refused after 5 s; when too many wait already, the next one is refused at once.
    limits = {"refused_after_wait_s": 5.5, "refused_at_once_s": 0.05, "without_retry_after": 0, "recovery_s": 1.0}
    rate_rps = RATE_RPS if trial.target == CONTAINER else RATE_WHERE_LAMBDA_WAITS_RPS
    if trial.target == LAMBDA:
        # Lambda itself throttles requests above its concurrency limit.
        limits["throttled"] = rate_rps * SLEEP_S
    few = {
        **trial.patience,
        "WEBAPP_MAX_WAIT_S": "5",
        "WEBAPP_MAX_WAITING": "20",
        "WEBAPP_DB_STATEMENT_TIMEOUT_S": str(_SLEEP_S),
    }
    least = {"refused_after_wait": _REFUSED_AT_LEAST, "refused_at_once": _REFUSED_AT_LEAST}
    with trial.judged(least=least, **limits), a_database() as database:
        async with serving(
            trial.target, database, tmp_path, variables=few, proxy_pool_size=4, concurrency_limit=30, ready=30
        ) as system:
            connections = 4 if system.is_lambda else WORKERS * POOL_MAX
            for _ in trial.repetitions:
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(administration(database))
                    sleepers = await occupy(
                        stack,
                        system.url,
                        connections,
                        partial(_sleeping, connection),
                        hidden=system.hidden,
                        each=None if system.is_lambda else POOL_MAX,
                        for_s=_SLEEP_S,
                    )
                    async with trial.repetition(system, rate_rps=rate_rps) as load:
                        await until(partial(_are_refused, load))
                        await connection.execute(f"SELECT pg_cancel_backend(pid) {_SLEEPING}")
                        await asyncio.gather(*sleepers)
                        free_s = time.monotonic()
                        await load.until_success(free_s)
                        await asyncio.sleep(1.0)
                errors = failures(load.replies)
                # A request that was refused neither at once nor after the timeout exceeds refused_at_once_s.
                refused, at_once = _refusals(load)
                trial.note(
                    errors=len(errors),
                    refused_after_wait=len(refused) - len(at_once),
                    refused_at_once=len(at_once),
                    refused_after_wait_s=longest_s(refused),
                    refused_at_once_s=longest_s(at_once),
                    without_retry_after=without_retry_after(errors),
                    recovery_s=recovery_s(load.replies, free_s),
                    clear_s=clear_s(load.replies, free_s),
                )


async def _sleeping(connection: psycopg.AsyncConnection) -> int:
    cursor = await connection.execute(f"SELECT count(*) {_SLEEPING}")
    return (await cursor.fetchone())[0]


def _refusals(load: SteadyLoad) -> tuple[list[Reply], list[Reply]]:
    """Return the replies that were refused, and those that were refused at once."""
    refused = [reply for reply in load.replies if reply.failed or reply.throttled]
    return refused, [reply for reply in refused if reply.latency_s < AT_ONCE_BELOW_S]


async def _are_refused(load: SteadyLoad) -> bool:
    """Return whether enough requests were refused, at once and after a wait."""
    refused, at_once = _refusals(load)
    return min(len(at_once), len(refused) - len(at_once)) >= _REFUSED_AT_LEAST


async def _storm(url: str) -> tuple[list[str], float]:
    """Run one query from each of many simultaneous clients; return the errors and the total time in seconds."""
    started_s = time.monotonic()
    outcomes = await asyncio.gather(*(_query(url) for _ in range(_STORM)), return_exceptions=True)
    failed = [str(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    return failed, time.monotonic() - started_s


async def _query(url: str) -> None:
    connection = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, prepare_threshold=None
    )
    async with connection:
        await connection.execute("SELECT pg_sleep(0.05)")


@asynccontextmanager
async def _stolen_slots(database: EmbeddedPostgres) -> AsyncIterator[int]:
    """Take every connection that an ordinary login may have, and yield their number."""
    async with AsyncExitStack() as stack, administration(database) as connection:
        # Without this limit the application would take the connections first.
        await connection.execute(f"ALTER DATABASE {DATABASE} CONNECTION LIMIT 0")
        while await backends(connection):
            await end_backends(database)
        stolen = 0
        async with asyncio.timeout(60):
            # A refused login holds a connection for a moment, or for seconds if its process stands still.
            while not await _are_all_taken(connection):
                if (client := await _idle_client(database)) is not None:
                    await stack.enter_async_context(client)
                    stolen += 1
        await connection.execute(f"ALTER DATABASE {DATABASE} CONNECTION LIMIT -1")
        yield stolen


async def _are_all_taken(connection: psycopg.AsyncConnection) -> bool:
    """Return whether all connections are held but those that are reserved for superusers.

    PgBouncer holds one, too, from its own start. Logins to the application's database are refused, and do not count.
    """
    cursor = await connection.execute(
        "SELECT count(*) >= current_setting('max_connections')::int "
        "- current_setting('superuser_reserved_connections')::int "
        "FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname <> %s",
        [DATABASE],
    )
    return (await cursor.fetchone())[0]


async def _idle_client(database: EmbeddedPostgres) -> psycopg.AsyncConnection | None:
    """Open an idle connection, or return None if none is free now."""
    url = database.url(database.maintenance_database)
    with contextlib.suppress(psycopg.OperationalError):
        return await psycopg.AsyncConnection.connect(url, connect_timeout=60, application_name=OURS)
    await asyncio.sleep(0.02)
    return None
