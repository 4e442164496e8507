"""Pools whose connections died, were evicted or rested, and pools whose server is down."""

import time
from contextlib import suppress
from signal import SIGQUIT

import psycopg
import pytest
from django.db.utils import OperationalError
from psycopg_pool import PoolTimeout
from psycopg_pool.base import AttemptWithBackoff

from django_runtimes.cli import ports, processes
from django_runtimes.databases.postgresql.connections import pool
from django_runtimes.databases.postgresql.connections.pool_waits import PoolWaits
from django_runtimes.moment import Moment
from tests.integration.databases.postgresql.conftest import backend_pid, kill
from tests.restarts import restart_postgres

pytestmark = pytest.mark.profile_free


@pytest.fixture
def pooled(request, database_server, open_database):
    name = request.node.name[:60]
    # A busy machine takes seconds for a login.
    url = f"{database_server.url('postgres')}?application_name={name}"
    wrapper = open_database(url, WEBAPP_DB_POOL_TIMEOUT_S="30")
    wrapper.application_name = name
    return wrapper


@pytest.fixture
def long_pauses(monkeypatch) -> None:
    """Make psycopg's own pauses, which double from a second, longer than any test waits."""
    monkeypatch.setattr(AttemptWithBackoff, "INITIAL_DELAY", 120.0)


def fill(wrapper, count: int) -> None:
    """Make the pool open `count` connections, then return them all to the pool."""
    # Without this wait, the first caller would make the pool open one more connection.
    wrapper.pool.open(wait=True)
    taken = [wrapper.pool.getconn() for _ in range(count)]
    for connection in taken:
        wrapper.pool.putconn(connection)


def pids(wrapper, count: int) -> set[int]:
    taken = [wrapper.pool.getconn() for _ in range(count)]
    for connection in taken:
        wrapper.pool.putconn(connection)
    return {connection.info.backend_pid for connection in taken}


def accepts_logins(server) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(server.administration_url):
        return True
    return False


@pytest.mark.usefixtures("long_pauses")
def test_no_query_fails_after_every_backend_was_killed(pooled, administrator):
    fill(pooled, 6)
    assert kill(administrator, pooled.application_name) == 6

    # psycopg's own pool pauses after the first dead connection.
    for _ in range(6):
        backend_pid(pooled)
        pooled.close()


def test_a_pool_that_lost_its_connections_keeps_its_size(pooled, administrator):
    for _ in range(3):
        fill(pooled, 8)
        kill(administrator, pooled.application_name)
        backend_pid(pooled)
        pooled.close()

    assert pooled.pool.get_stats()["pool_size"] == pooled.pool.max_size == 8
    fill(pooled, 8)


def test_eviction_replaces_the_current_and_the_idle_connections(pooled):
    fill(pooled, 3)
    before = pids(pooled, 3)
    assert backend_pid(pooled) in before

    pooled.evict()

    assert pooled.connection is None
    assert pids(pooled, 3).isdisjoint(before)


def test_eviction_outside_a_pool_closes_the_connection(database_server, open_database):
    wrapper = open_database(database_server.url("postgres"), WEBAPP_DB_STRATEGY="persistent")
    before = backend_pid(wrapper)

    wrapper.evict()

    assert wrapper.connection is None
    assert backend_pid(wrapper) != before
    wrapper.evict()
    wrapper.evict()


def test_a_connection_that_rested_too_long_is_replaced(pooled):
    pooled.settings_dict["MAX_REST_S"] = 600.0
    pooled.settings_dict["OPTIONS"]["pool"]["max_size"] = 1
    before = backend_pid(pooled)
    pooled.close()
    assert backend_pid(pooled) == before
    pooled.close()

    (resting,) = pooled.pool._pool
    resting.rests_since = Moment(resting.rests_since.monotonic_s - 600, resting.rests_since.wall_s)

    assert backend_pid(pooled) != before


def test_a_pool_keeps_the_settings_it_was_made_with(pooled, administrator):
    before = pooled.settings_dict["NAME"]
    fill(pooled, 1)
    pool = pooled.pool
    pooled.settings_dict["NAME"] = "template1"
    pooled.settings_dict["OPTIONS"]["application_name"] = "another"
    pool.drain()
    time.sleep(0.5)
    taken = [pool.getconn() for _ in range(4)]
    for connection in taken:
        pool.putconn(connection)

    assert {connection.info.dbname for connection in taken} == {before}
    assert {connection.info.get_parameters()["application_name"] for connection in taken} == {pooled.application_name}
    pooled.settings_dict["NAME"] = before


def database_of(wrapper) -> str:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        return cursor.fetchone()[0]


def test_queries_use_the_changed_settings(pooled, administrator):
    before = database_of(pooled)
    pooled.close()
    old = pooled.pool

    pooled.settings_dict["NAME"] = "template1"

    assert database_of(pooled) == "template1"
    assert old.closed
    pooled.close()
    pooled.settings_dict["NAME"] = before
    assert database_of(pooled) == before


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("ALWAYS_RESET",), True),
        (("MAX_REST_S",), 7.0),
        (("TIME_ZONE",), "Asia/Tokyo"),
        (("OPTIONS", "pool", "max_size"), 7),
    ],
    ids=lambda part: part[-1] if isinstance(part, tuple) else "",
)
def test_changed_settings_get_a_new_pool(pooled, names, value):
    before = pooled.pool
    assert pooled.pool is before
    entry = pooled.settings_dict
    for name in names[:-1]:
        entry = entry[name]
    assert entry.get(names[-1]) != value
    entry[names[-1]] = value

    assert pooled.pool is not before
    assert backend_pid(pooled)
    pooled.close()


def test_a_connection_in_use_while_settings_change_is_closed(pooled):
    database_of(pooled)
    in_use = pooled.connection

    pooled.settings_dict["NAME"] = "template1"
    assert pooled.pool.made_for[0] == "template1"
    assert not in_use.closed
    pooled.close()

    assert in_use.closed
    assert database_of(pooled) == "template1"


def test_a_pooled_connection_is_returned_after_the_pool_is_removed(pooled):
    database_of(pooled)
    pool = pooled.pool

    del pooled.settings_dict["OPTIONS"]["pool"]
    pooled.close()

    assert pool.empty_for_s == 0
    assert not pool._lent


def test_a_wait_lasts_until_there_is_a_connection_or_a_timeout(pooled, monkeypatch):
    fill(pooled, 8)
    waits = PoolWaits()
    waits.start()
    monkeypatch.setattr(pool, "POOL_WAITS", waits)

    taken = [pooled.pool.getconn() for _ in range(8)]
    before_us = waits.total_us
    started_s = time.monotonic()
    with pytest.raises(PoolTimeout):
        pooled.pool.getconn(timeout=0.2)
    lasted_us = 1e6 * (time.monotonic() - started_s)
    for connection in taken:
        pooled.pool.putconn(connection)

    assert sum(waits.counts.values()) == 9
    assert 200_000 <= waits.total_us - before_us <= lasted_us


def began_earlier(pool, *, by_s: float) -> None:
    """Move the beginning of the outage into the past, once the pool has noticed it."""
    deadline_s = time.monotonic() + 120
    while pool._failing_since_s is None:
        assert time.monotonic() < deadline_s
        with suppress(PoolTimeout):
            pool.getconn(0.2)
    pool._failing_since_s -= by_s


def test_a_request_fails_early_once_the_server_is_known_to_be_down(own_server, open_database):
    wrapper = open_database(own_server.url("postgres"), WEBAPP_DB_POOL_TIMEOUT_S="90")
    backend_pid(wrapper)
    wrapper.close()
    processes.stop(own_server.process, first_signal=SIGQUIT)

    with pytest.raises(PoolTimeout):
        wrapper.pool.getconn(0.2)
    began_earlier(wrapper.pool, by_s=90)
    started_s = time.monotonic()
    with pytest.raises((PoolTimeout, OperationalError)):
        backend_pid(wrapper)

    assert time.monotonic() - started_s < 45


def test_two_requests_in_an_outage_share_one_timeout(own_server, open_database):
    wrapper = open_database(own_server.url("postgres"), WEBAPP_DB_POOL_TIMEOUT_S="90")
    fill(wrapper, 1)
    processes.stop(own_server.process, first_signal=SIGQUIT)

    with pytest.raises(PoolTimeout):
        wrapper.pool.getconn(0.2)
    began_earlier(wrapper.pool, by_s=88)
    started_s = time.monotonic()
    with pytest.raises(PoolTimeout):
        wrapper.pool.getconn()

    # A timeout of its own would take 90 s.
    assert time.monotonic() - started_s < 45


@pytest.mark.usefixtures("long_pauses")
def test_a_pool_reconnects_to_its_server(own_server, open_database, monkeypatch):
    wrapper = open_database(own_server.url("postgres"))
    fill(wrapper, 3)
    monkeypatch.setattr(wrapper.pool, "timeout", 1.0)
    processes.stop(own_server.process, first_signal=SIGQUIT)
    deadline_s = time.monotonic() + 3
    while time.monotonic() < deadline_s:
        with suppress(PoolTimeout, OperationalError):
            backend_pid(wrapper)
    restart_postgres(own_server)
    assert processes.wait_until(own_server.process, lambda: accepts_logins(own_server), timeout_s=120)

    # The pool pauses for half a second, and psycopg's own pool for two minutes.
    deadline_s = time.monotonic() + 60
    while True:
        with suppress(PoolTimeout, OperationalError):
            backend_pid(wrapper)
            break
        assert time.monotonic() < deadline_s


def test_a_cold_pool_without_a_server_fails_within_its_timeout(open_database):
    port = ports.free_port()
    wrapper = open_database(f"postgresql://app:x@127.0.0.1:{port}/shop", WEBAPP_DB_POOL_TIMEOUT_S="1")

    started_s = time.monotonic()
    with pytest.raises((PoolTimeout, OperationalError)):
        backend_pid(wrapper)

    assert wrapper.pool.timeout == 1
    # Without a timeout the pool would retry for minutes.
    assert time.monotonic() - started_s < 45
