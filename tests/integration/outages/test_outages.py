"""Outages and exhausted connections become 503 or 504, wherever in the application they occur."""

import logging
import threading
import time

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import close_old_connections, connection, connections
from django.test import Client

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.config.values.connection_strategy import Route, Strategy
from tests.patience import wait_for_server
from webapp.guestbook.models import Entry

_POOLED = django_settings.DJANGO_RUNTIMES.profile.connections.name is Strategy.POOL
_PROXIED = django_settings.DJANGO_RUNTIMES.profile.route is Route.PROXY

only_with_a_pool = pytest.mark.skipif(not _POOLED, reason="the profile has no pool")
only_through_a_proxy = pytest.mark.skipif(not _PROXIED, reason="the profile's route is direct")
only_directly = pytest.mark.skipif(_PROXIED, reason="the profile's route is the proxy")


@pytest.fixture(autouse=True)
def _urls(settings) -> None:
    settings.ROOT_URLCONF = "tests.integration.outages.urls"


def wait_until_open(pool):
    """Wait until every connection of the pool is open and idle."""
    pool.wait()
    deadline = time.monotonic() + 60
    while (stats := pool.get_stats())["pool_available"] < stats["pool_size"]:
        assert time.monotonic() < deadline, stats
        time.sleep(0.01)


class ServedClient(Client):
    """A client that behaves like a server: errors become responses, and each request releases its connections."""

    def __init__(self, **defaults):
        super().__init__(raise_request_exception=False, **defaults)

    def request(self, **request):
        try:
            return super().request(**request)
        finally:
            close_old_connections()


@pytest.fixture
def client() -> Client:
    return ServedClient(headers={"X-Forwarded-Proto": "https"})


@pytest.fixture
def unreachable(database) -> None:
    """A database address at which nothing listens."""
    database.update(HOST="127.0.0.1", PORT=1)
    shorten_wait_for_pool(database)


def shorten_wait_for_pool(database, timeout_s=0.3, **others):
    if _POOLED:
        database["OPTIONS"]["pool"] = {**database["OPTIONS"]["pool"], "timeout": timeout_s, **others}


def assert_unavailable(response):
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("sqlstate", "status", "retry_after"),
    [
        ("08006", 503, "5"),
        ("25006", 503, "5"),
        ("40001", 503, "1"),
        ("40P01", 503, "1"),
        ("53300", 503, "5"),
        ("55P03", 503, "1"),
        ("57P01", 503, "5"),
        ("57P03", 503, "5"),
        ("22012", 500, None),
        ("57014", 500, None),
    ],
)
def test_the_sqlstate_decides_the_status(client, database, sqlstate, status, retry_after):
    response = client.get(f"/raised/{sqlstate}")

    assert (response.status_code, response.get("Retry-After")) == (status, retry_after)
    assert "secret row" not in response.text


@pytest.mark.parametrize("path", ["/query", "/write", "/template", "/session"])
def test_a_refused_connection_gives_503_wherever_it_occurs(client, unreachable, path):
    assert_unavailable(client.get(path))


def test_an_outage_while_the_user_is_looked_up_gives_503(client, unreachable):
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "a" * 32

    assert_unavailable(client.get("/user"))


@pytest.mark.parametrize("path", ["/query", "/write"])
def test_an_outage_with_atomic_requests_gives_503(client, unreachable, monkeypatch, path):
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    assert_unavailable(client.get(path))


async def test_an_outage_in_an_async_view_gives_503(async_client, unreachable):
    async_client.raise_request_exception = False

    assert_unavailable(await async_client.get("/aquery"))


@only_with_a_pool
def test_an_exhausted_pool_gives_503_until_a_connection_is_free(client, database):
    shorten_wait_for_pool(database, timeout_s=60, max_size=1, min_size=1)
    taken, done = threading.Event(), threading.Event()

    def take():
        with connection.cursor():
            taken.set()
            done.wait(60)
        connections.close_all()

    other = threading.Thread(target=take)
    other.start()
    assert taken.wait(60)
    # Only this request must not wait for long: on a busy machine, the others wait for the server.
    connection.pool.timeout = 0.3
    refused = client.get("/query")
    connection.pool.timeout = 60
    done.set()
    other.join()

    assert_unavailable(refused)
    assert client.get("/query").status_code == 200


@only_with_a_pool
def test_a_limit_refuses_a_request_while_the_pool_is_empty(client, database):
    """The second request would wait 90 s for a connection."""
    assert client.get("/throttled").status_code == 200
    shorten_wait_for_pool(database, timeout_s=90)
    connections.close_all()
    pool = connection.pool
    pool.open()
    held = [pool.getconn() for _ in range(pool.max_size)]

    begun_at_s = time.monotonic()
    refused = client.get("/throttled")
    waited_s = time.monotonic() - begun_at_s

    for each in held:
        pool.putconn(each)
    assert refused.status_code == 429
    assert waited_s < 45


@only_with_a_pool
def test_a_full_waiting_list_of_the_pool_gives_503_at_once(client, database, caplog):
    # Only one request may wait for a connection, but for a long time.
    shorten_wait_for_pool(database, timeout_s=60, max_size=1, min_size=1, max_waiting=1)
    pool = connection.pool
    pool.open()
    held = pool.getconn()
    waiting = threading.Thread(target=lambda: pool.putconn(pool.getconn()))
    waiting.start()
    deadline_s = time.monotonic() + 60
    while not pool.get_stats().get("requests_waiting"):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)

    refused = client.get("/query")
    pool.putconn(held)
    waiting.join()

    assert_unavailable(refused)
    assert "TooManyRequests" in caplog.text


def test_the_connection_limit_of_the_role_gives_503(client, database, alter_role):
    shorten_wait_for_pool(database, timeout_s=1)
    alter_role("CONNECTION LIMIT 0")

    assert_unavailable(client.get("/query"))


@only_through_a_proxy
def test_a_proxy_without_a_free_connection_gives_503(client, database, server):
    with PgBouncer(server, pool_size=1) as narrow, psycopg.connect(narrow.url(database["NAME"])) as other:
        other.execute("SELECT 1")
        database.update(HOST=narrow.host, PORT=narrow.port)

        refused = client.get("/query")
        wait_for_server(narrow)
        other.rollback()

        assert_unavailable(refused)
        assert client.get("/query").status_code == 200
        connections.close_all()


def test_a_terminated_connection_fails_one_request(client, database):
    refused = client.get("/terminated")

    assert_unavailable(refused)
    assert client.get("/query").status_code == 200


def test_a_statement_timeout_gives_504(client, database, alter_role):
    alter_role("SET statement_timeout = '100ms'")

    response = client.get("/slow")

    assert (response.status_code, response["Retry-After"]) == (504, "5")


def test_a_slow_transaction_is_rolled_back(client, database):
    response = client.get("/slow_in_transaction")

    assert response.status_code == 504
    assert client.get("/query").status_code == 200
    assert not Entry.objects.filter(message="rolled back").exists()


def test_a_statement_cancelled_for_another_reason_gives_500(client, database):
    assert client.get("/cancelled").status_code == 500


def test_an_idle_transaction_timeout_gives_503(client, database, alter_role):
    alter_role("SET idle_in_transaction_session_timeout = '100ms'")

    assert_unavailable(client.get("/idle_in_transaction"))
    assert client.get("/query").status_code == 200


def test_a_lock_timeout_gives_503_with_a_short_retry_after(client, database, administrator):
    with administrator.transaction():
        administrator.execute("LOCK TABLE guestbook_entry")

        response = client.get("/waits_for_lock")

    assert (response.status_code, response["Retry-After"]) == (503, "1")


def test_an_error_caused_by_an_outage_gives_503(client, database):
    assert client.get("/continues_in_broken_transaction").status_code == 503


@only_directly
def test_connections_to_a_read_only_server_are_replaced(client, database, alter_role):
    alter_role("SET default_transaction_read_only = on")
    assert client.get("/query").status_code == 200
    if connection.pool is not None:
        # A connection that is still being opened would join the pool read-only after the others were replaced.
        wait_until_open(connection.pool)

    # This resembles a failover: new connections reach the new primary, and open ones stay read-only.
    alter_role("RESET default_transaction_read_only")

    assert_unavailable(client.post("/write"))
    assert client.post("/write").status_code == 201


def test_an_outage_logs_one_warning_without_a_traceback(client, unreachable, caplog):
    client.get("/query")

    (record,) = (record for record in caplog.records if record.name == "django.request")
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    assert record.getMessage().startswith("Service Unavailable: /query (")
    assert len(record.getMessage().splitlines()) == 1
    assert connection.settings_dict["PASSWORD"] not in caplog.text


def test_the_applications_own_bug_is_logged_with_its_traceback(client, database, caplog):
    response = client.get("/faulty")

    (record,) = (record for record in caplog.records if record.name == "django.request")
    assert response.status_code == 500
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_debug_shows_djangos_error_page(client, unreachable, settings):
    settings.DEBUG = True

    response = client.get("/query")

    assert response.status_code == 500
    assert "Traceback" in response.text
