"""An emulated function that runs a real application on a real PostgreSQL."""

import asyncio

import aiohttp
import psycopg
import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.services import pgbouncer
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.compare.targets.aws_lambda.patience import give_time

HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"


def notes_function(environ, tmp_path, **configuration) -> Function:
    return Function("notes", HANDLER, environ, tmp_path / "logs", **configuration)


async def test_a_function_killed_mid_write_leaves_no_row_and_no_lock(notes_environ, notes_database, tmp_path):
    """Fault 20."""
    with psycopg.connect(notes_database, autocommit=True) as observer:
        observer.execute("INSERT INTO notes_note (key, text) VALUES ('old', 'as it was')")
        environ = notes_environ("aws_lambda/per_request/direct")
        function = notes_function(environ, tmp_path, timeout_s=2.0)
        async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session:
            answers = await asyncio.gather(
                *(session.post(f"{target.url}/notes/{key}/slowly") for key in ("old", "new"))
            )
            give_time(target.emulator)
            # The view would hold the lock for a minute.
            observer.execute("SET lock_timeout = '30s'")
            observer.execute("UPDATE notes_note SET text = text || ', and unlocked' WHERE key = 'old'")

            assert [answer.status for answer in answers] == [504, 504]
            rows = observer.execute("SELECT key, text FROM notes_note").fetchall()
            assert rows == [("old", "as it was, and unlocked")]
            async with session.post(f"{target.url}/notes/new", data="again") as answer:
                assert answer.status == 201


@pytest.mark.needs("pgbouncer")
async def test_a_cold_burst_stays_within_the_proxys_backends(
    notes_environ, notes_database, database_server, tmp_path, monkeypatch
):
    monkeypatch.setattr(pgbouncer, "_QUERY_WAIT_S", 120)
    database = notes_database.rpartition("/")[2]
    with PgBouncer(database_server, pool_size=5) as proxy:
        function = notes_function(notes_environ("aws_lambda/per_request/proxy", proxy), tmp_path, timeout_s=300.0)
        sampler = ConnectionSampler(PostgresqlCounter(database_server.administration_url), [database])
        async with (
            sampler,
            LambdaTarget(function) as target,
            aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session,
        ):
            opened_by_imports = await sampler.opened(database)
            await target.make_cold()
            window = sampler.window(database)
            answers = await asyncio.gather(*(session.get(f"{target.url}/backend") for _ in range(30)))
            connections = await window.stop()
            started = target.emulator.started_count
            # The first ready environments served several requests: wait for the other init phases too.
            await target.make_ready(30)
            inits = len(target.emulator.init_durations_ms) - 1
            opened = await sampler.opened(database) - opened_by_imports

    assert [answer.status for answer in answers] == [200] * 30
    assert started == 31
    assert inits >= 30
    assert 1 <= connections.peak <= 5
    assert 1 <= opened <= 5


async def test_the_init_phase_opens_no_connection(notes_environ, notes_database, database_server, tmp_path):
    database = notes_database.rpartition("/")[2]
    async with ConnectionSampler(PostgresqlCounter(database_server.administration_url), [database]) as sampler:
        before = await sampler.opened(database)
        for target in ("aws_lambda/per_request/direct", "aws_lambda/persistent/direct"):
            async with LambdaTarget(notes_function(notes_environ(target), tmp_path)):
                assert await sampler.opened(database) == before


@pytest.mark.parametrize(("strategy", "connections"), [("per_request", 5), ("persistent", 1), ("pool", 1)])
async def test_each_strategy_keeps_its_number_of_connections(
    notes_environ, notes_database, database_server, tmp_path, strategy, connections
):
    function = notes_function(notes_environ(f"aws_lambda/{strategy}/direct"), tmp_path)
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=FORWARDED_HEADERS) as session:
        backends = []
        for _ in range(5):
            async with session.get(f"{target.url}/backend") as answer:
                backends.append(await answer.text())

    assert target.emulator.started_count == 1
    assert len(set(backends)) == connections
