"""Connections of a database, sampled and counted on a real server."""

import asyncio
import time
from contextlib import ExitStack

import psycopg
import pytest
import uvloop

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.ended_backends import until_disconnected

DATABASES = ["measured", "other"]


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres() as server:
        for name in DATABASES:
            create_database(server, name)
        yield server


@pytest.fixture
def sampler(server):
    until_disconnected(server.administration_url, DATABASES)
    return ConnectionSampler(PostgresqlCounter(server.administration_url), DATABASES)


async def _samples(window, count):
    """Wait until the sampler has taken `count` more samples."""
    wanted, deadline_s = window.samples + count, time.monotonic() + 120
    while window.samples < wanted:
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.01)


async def test_held_connections_are_the_peak(server, sampler):
    with ExitStack() as connections:
        for _ in range(3):
            connections.enter_context(psycopg.connect(server.url("measured")))
        async with sampler:
            window = sampler.window("measured")
            await _samples(window, 5)
            held = await window.stop()

    assert held.peak == 3
    assert held.mean == 3.0
    # A busy machine may let the sampler take more than the five that the test waited for, and the last at the stop.
    assert held.samples >= 6


async def test_closed_connections_lower_the_mean(server, sampler):
    async with sampler:
        window = sampler.window("measured")
        with psycopg.connect(server.url("measured")):
            await _samples(window, 3)
        await asyncio.to_thread(until_disconnected, server.administration_url, DATABASES)
        await _samples(window, 9)
        held = await window.stop()

    assert held.peak == 1
    assert 0 < held.mean < 1


async def test_windows_of_different_databases_are_separate(server, sampler):
    with psycopg.connect(server.url("other")):
        async with sampler:
            measured, other = sampler.window("measured"), sampler.window("other")
            await _samples(other, 2)

            assert (await measured.stop()).peak == 0
            assert (await other.stop()).peak == 1


async def test_the_shortest_window_has_a_sample(server):
    until_disconnected(server.administration_url, DATABASES)
    async with ConnectionSampler(PostgresqlCounter(server.administration_url), ["measured"], rate_hz=0.01) as sampler:
        await asyncio.sleep(0.1)
        window = sampler.window("measured")
        with psycopg.connect(server.url("measured")):
            held = await window.stop()

    assert held.peak == 1
    assert held.samples == 1


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_forty_short_connections_are_all_counted(server, sampler, loop_factory):
    async def count() -> int:
        async with sampler:
            before = await sampler.opened("measured")
            for _ in range(40):
                connection = await psycopg.AsyncConnection.connect(server.url("measured"))
                await connection.close()
            await asyncio.to_thread(until_disconnected, server.administration_url, DATABASES)
            return await sampler.opened("measured") - before

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(count()) == 40


async def test_a_held_connection_is_counted_before_it_ends(server, sampler):
    async with sampler:
        before = await sampler.opened("measured")
        with psycopg.connect(server.url("measured")) as connection:
            connection.execute("SELECT 1")
            assert await sampler.opened("measured") - before == 1


async def test_a_failure_of_sampling_is_raised(server, sampler):
    async with sampler:
        window = sampler.window("measured")
        await _samples(window, 1)
        with psycopg.connect(server.administration_url, autocommit=True) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

        with pytest.raises(CompareError, match=r"^cannot count the database's connections: .*terminat"):
            await window.stop()
        with pytest.raises(CompareError):
            await sampler.window("measured").stop()
        with pytest.raises(CompareError):
            await sampler.opened("measured")


async def test_an_unreachable_server_is_reported_in_one_line():
    with pytest.raises(CompareError, match=r"^cannot count the database's connections: .* refused"):
        async with ConnectionSampler(PostgresqlCounter("postgresql://webapp@127.0.0.1:1/postgres"), ["measured"]):
            pass


async def test_a_database_that_is_not_sampled_is_refused(sampler):
    async with sampler:
        with pytest.raises(ValueError, match=r"^'thrid' is not a sampled database; choose one of: measured, other$"):
            sampler.window("thrid")


async def test_a_database_that_does_not_exist_cannot_be_counted(sampler):
    async with sampler:
        with pytest.raises(CompareError, match=r"^cannot count connections: the database 'never' does not exist"):
            await sampler.opened("never")
