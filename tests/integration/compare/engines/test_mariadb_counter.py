"""Connections of a database of MariaDB, sampled and counted."""

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.mariadb_compared import MARIADB_COMPARED
from django_runtimes.compare.engines.mariadb_counter import MariadbCounter
from django_runtimes.compare.engines.mariadb_databases import create_mariadb_database, drop_mariadb_database
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from tests.mariadb import execute, session

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def server(compared_mariadb):
    for name in ("measured", "other"):
        create_mariadb_database(compared_mariadb, name)
    execute(compared_mariadb.url("measured"), "CREATE TABLE entry (id INT)")
    yield compared_mariadb
    for name in ("measured", "other"):
        drop_mariadb_database(compared_mariadb, name)


def until_disconnected(server):
    """Wait until the server has ended the connections that clients have closed, and has counted their transactions."""
    deadline_s = time.monotonic() + 120
    connected = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER IN ('measured', 'other')"
    while execute(server.administration_url, connected) != [(0,)]:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.fixture
def sampler(server):
    until_disconnected(server)
    return ConnectionSampler(MARIADB_COMPARED.counter(server), ["measured", "other"])


async def test_held_connections_are_the_peak(server, sampler):
    with ExitStack() as connections:
        for _ in range(3):
            connections.enter_context(session(server.url("measured")))
        async with sampler:
            windows = [sampler.window(name) for name in ("measured", "other")]
            measured, other = [await window.stop() for window in windows]

    assert (measured.peak, other.peak) == (3, 0)


async def test_short_connections_are_counted(server, sampler):
    async with sampler:
        before = await sampler.opened("measured")
        for _ in range(5):
            execute(server.url("measured"), "SELECT 1")
        execute(server.url("other"), "SELECT 1")
        await asyncio.to_thread(until_disconnected, server)

        assert await sampler.opened("measured") - before == 5


async def test_ended_transactions_are_counted(server, sampler):
    async with sampler:
        before = await sampler.transactions("measured")
        with session(server.url("measured")) as connection, connection.cursor() as cursor:
            for number in range(4):
                connection.begin()
                cursor.execute("INSERT INTO entry VALUES (%s)", [number])
                (connection.commit if number % 2 else connection.rollback)()
        await asyncio.to_thread(until_disconnected, server)

        assert await sampler.transactions("measured") - before >= 4


async def test_queries_at_the_same_time_wait_for_each_other(server, sampler):
    async with sampler:
        counts = await asyncio.gather(*(sampler.sessions("measured") for _ in range(20)))

    assert len(set(counts)) == 1


async def test_a_missing_database_is_named(server):
    async with AsyncExitStack() as stack:
        counter = MariadbCounter(server.administration_url)
        await counter.open()
        stack.push_async_callback(counter.close)

        assert await counter.held([]) == {}
        with pytest.raises(CompareError) as raised:
            await counter.opened("absent")

    assert str(raised.value) == (
        "cannot count connections: the database 'absent' does not exist; check that nothing dropped it"
    )


async def test_an_unreachable_server_is_reported_in_one_line():
    with pytest.raises(CompareError, match=r"^cannot count the database's connections: .*refused.*; check that the"):
        await MariadbCounter("mariadb://webapp@127.0.0.1:1/information_schema").open()
