"""The counters of rate limits, on real Redis and ministack, and in memory."""

import logging
import os
import signal
import socket
import time
from collections import Counter
from contextlib import ExitStack

import pytest
import redis as redis_py

from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.stores import store_health
from django_runtimes.stores.counters import memory_counter
from django_runtimes.stores.counters.counter import StoreCounter
from django_runtimes.stores.counters.memory_counter import MemoryCounter
from django_runtimes.stores.counters.process_counter import process_counter
from django_runtimes.stores.counters.redis_counter import RedisCounter
from django_runtimes.stores.dynamodb.dynamodb_table import DynamoDBTable
from tests.integration.stores.conftest import TABLE
from tests.integration.stores.test_dynamodb_table import in_8_threads
from tests.ministack import REGION
from tests.redis_server import redis_server

pytestmark = pytest.mark.profile_free


@pytest.fixture(params=["memory", "redis", "dynamodb"])
def counter(request, use_store, settings):
    # On a busy machine the servers answer later than in production.
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(throttle_timeout_ms=60_000)
    if request.param == "memory":
        use_store("memory://")
    else:
        server = request.getfixturevalue(request.param)
        if request.param == "redis":
            use_store(server.url)
    counter = process_counter()
    yield counter
    getattr(counter, "close", lambda: None)()


def soon() -> int:
    return int(time.time()) + 3600


def test_a_counter_begins_at_1_and_ends_above_its_limit(counter):
    counts = [counter.count("begins", 3, soon()) for _ in range(5)]

    assert counts[:3] == [1, 2, 3]
    assert min(counts[3:]) > 3
    assert counter.count("another", 3, soon()) == 1


def test_8_threads_get_every_number_up_to_the_limit_once(counter):
    results = in_8_threads(lambda number: [counter.count("threads", 150, soon()) for _ in range(40)])

    counts = Counter(each for result in results for each in result)
    assert {count: times for count, times in counts.items() if count <= 150} == dict.fromkeys(range(1, 151), 1)


def test_one_process_has_one_counter_for_each_store(use_store, redis):
    use_store(redis.url)
    in_redis = process_counter()
    use_store("memory://")

    assert process_counter() is not in_redis
    assert process_counter() is process_counter()
    in_redis.close()


def test_a_counter_of_redis_expires(use_store, redis):
    use_store(redis.url)
    counter, expires_at = process_counter(), soon()
    counter.count("expires", 3, expires_at)
    counter.close()

    with redis_py.Redis.from_url(redis.url) as client:
        assert client.expiretime("expires") == expires_at


def test_a_failover_of_redis_is_followed(use_store, tmp_path, monkeypatch):
    monkeypatch.setattr(store_health, "_REST_S", 0.0)
    with redis_server(tmp_path) as server, redis_py.Redis.from_url(server.url) as administrator:
        use_store(server.url)
        counter = process_counter()
        counter.count("failover", 9, soon())
        administrator.replicaof("127.0.0.1", "1")
        before = administrator.info("stats")["total_connections_received"]
        with pytest.raises(StoreUnavailableError, match="read only replica"):
            counter.count("failover", 9, soon())
        administrator.replicaof("no", "one")

        assert counter.count("failover", 9, soon()) == 2
        # The name of the server was looked up again.
        assert administrator.info("stats")["total_connections_received"] == before + 1
        counter.close()


def test_dynamodb_deletes_a_counter_later(dynamodb):
    process_counter().count("expires", 3, 2_000_000_000)

    table = DynamoDBTable(TABLE, REGION)
    assert table.get("expires") == {
        "entry_key": {"S": "expires"},
        "entry_value": {"N": "1"},
        "expires_at": {"N": "2000000000"},
    }
    table.close()
    process_counter().close()


def test_memory_forgets_expired_counters_and_the_oldest_of_too_many(monkeypatch):
    monkeypatch.setattr(memory_counter, "_MOST", 2000)
    counter = MemoryCounter()
    for number in range(1024):
        counter.count(f"expired-{number}", 1, 1)
    assert len(counter._counts) == 0

    for number in range(10_000):
        counter.count(f"live-{number}", 1, soon())

    assert len(counter._counts) <= 2000
    assert counter.count("live-9999", 1, soon()) == 2


@pytest.fixture(params=["redis", "dynamodb"])
def silent_counter(request, use_store, settings):
    """The counter of a store that takes connections and does not answer."""
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(throttle_timeout_ms=250)
    server = request.getfixturevalue(request.param)
    if request.param == "redis":
        use_store(server.url)
    counter: StoreCounter = process_counter()
    os.kill(server.process.pid, signal.SIGSTOP)
    yield counter
    os.kill(server.process.pid, signal.SIGCONT)
    counter.close()


def test_a_silent_store_costs_a_process_one_short_wait_a_second(silent_counter, monkeypatch, failures):
    monkeypatch.setattr(store_health, "_REST_S", 60.0)
    began_at_s = time.monotonic()
    for _ in range(100):
        with pytest.raises(StoreUnavailableError):
            silent_counter.count("waits", 3, soon())

    assert len(failures) == 1
    # A silent store has no end of its own, so this bound leaves time for a busy machine.
    assert time.monotonic() - began_at_s < 45.0


def test_one_thread_asks_a_store_that_has_rested(silent_counter, monkeypatch, failures):
    monkeypatch.setattr(store_health, "_REST_S", 0.1)
    with pytest.raises(StoreUnavailableError):
        silent_counter.count("rests", 3, soon())
    time.sleep(0.2)
    # The threads begin before the store has rested again.
    monkeypatch.setattr(store_health, "_REST_S", 60.0)
    failures.clear()

    def refused(number: int) -> None:
        with pytest.raises(StoreUnavailableError):
            silent_counter.count("rests", 3, soon())

    in_8_threads(refused)

    assert len(failures) == 1


def test_a_store_that_answers_again_counts_again(request, silent_counter, monkeypatch):
    monkeypatch.setattr(store_health, "_REST_S", 0.1)
    with pytest.raises(StoreUnavailableError):
        silent_counter.count("recovers", 3, soon())
    server = request.getfixturevalue("redis" if isinstance(silent_counter, RedisCounter) else "dynamodb")

    os.kill(server.process.pid, signal.SIGCONT)

    def counted_at_last(number: int) -> int:
        deadline_s = time.monotonic() + 120
        while time.monotonic() < deadline_s:
            try:
                return silent_counter.count(f"recovers-{number}", 1000, soon())
            except StoreUnavailableError:
                time.sleep(0.1)
        raise AssertionError("the store is still not asked")

    # The store may have received attempts whose answers came too late.
    assert min(in_8_threads(counted_at_last)) >= 1


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}", f"dynamodb://{TABLE}"])
def test_a_store_that_drops_connections_costs_one_short_wait(use_store, monkeypatch, settings, failures, url):
    """The kernel drops the packets of further connections while a server's queue is full."""
    monkeypatch.setattr(store_health, "_REST_S", 60.0)
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(throttle_timeout_ms=250)
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = server.getsockname()[1]
        for _ in range(2):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
        use_store(url.format(port=port))
        counter = process_counter()

        began_at_s = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreUnavailableError):
                counter.count("dropped", 3, soon())
        waited_s = time.monotonic() - began_at_s
        counter.close()

    assert len(failures) == 1
    assert 0.2 < waited_s < 45.0


def test_a_wrong_password_is_an_outage_that_is_logged_without_it(use_store, tmp_path, caplog):
    with (
        redis_server(tmp_path, options=["--requirepass", "right"]) as server,
        caplog.at_level(logging.WARNING, logger="django_runtimes.stores"),
    ):
        use_store(server.url.replace("redis://", "redis://:s3cr3t@"))
        counter = process_counter()
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                counter.count("password", 3, soon())
        counter.close()

    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("django_runtimes")]
    assert line.endswith("; WEBAPP_THROTTLE_OUTAGE decides about the requests that cannot be counted")
    assert "s3cr3t" not in line


def test_a_missing_table_is_an_outage(dynamodb, use_store):
    use_store("dynamodb://other-store")

    with pytest.raises(StoreUnavailableError, match="names the DynamoDB table 'other-store', which eu-west-1 does not"):
        process_counter().count("table", 3, soon())
    process_counter().close()
