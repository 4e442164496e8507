"""PgBouncer in front of a real server: its limits, logins, errors and shutdown."""

import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services import pgbouncer as pgbouncer_module
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.integration.compare.process_tree import Script, command_line, descendants, remaining

pytestmark = pytest.mark.needs("pgbouncer")

_CALLER = """
import json, time
import psycopg
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres

with (
    EmbeddedPostgres() as server,
    PgBouncer(server) as pgbouncer,
    psycopg.connect(pgbouncer.url("postgres")) as connection,
):
    connection.execute("SELECT 1")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres(max_connections=43) as server:
        for name in ("first", "second", "third"):
            create_database(server, name)
        yield server


@pytest.fixture(scope="module")
def patience():
    """Let transactions wait for a connection longer than a machine may stand still."""
    with pytest.MonkeyPatch.context() as changes:
        changes.setattr(pgbouncer_module, "_QUERY_WAIT_S", 120)
        yield


@pytest.fixture(scope="module")
def pgbouncer(server, patience):
    with PgBouncer(server, pool_size=10) as pgbouncer:
        yield pgbouncer


def _backends(server):
    with psycopg.connect(server.administration_url) as connection:
        rows = connection.execute(
            "SELECT datname, count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND usename = 'webapp' GROUP BY datname"
        )
        return dict(rows.fetchall())


def _open_files(pid):
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(int(line.split()[3]) for line in lines if line.startswith("Max open files"))


def _ask(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT pg_sleep(0.05), pg_backend_pid()").fetchone()[1]


def _ask_at_once(url, clients):
    with ThreadPoolExecutor(clients) as executor:
        return list(executor.map(_ask, [url] * clients))


def test_sixty_clients_share_the_pools_backends(server, pgbouncer):
    answers = _ask_at_once(pgbouncer.url("first"), 60)

    assert len(answers) == 60
    assert len(set(answers)) <= 10
    assert _backends(server)["first"] <= 10


def test_all_databases_together_get_half_of_the_servers_connections(server, pgbouncer):
    for name in ("first", "second", "third"):
        assert len(_ask_at_once(pgbouncer.url(name), 30)) == 30

    # (43 - 3 reserved) / 2, although three pools of ten would be more.
    assert pgbouncer.settings["max_user_connections"] == "20"
    assert sum(_backends(server).values()) <= 20


def test_pgbouncers_settings_are_recorded(server, monkeypatch):
    monkeypatch.setattr(pgbouncer_module, "_QUERY_WAIT_S", 5)
    with PgBouncer(server, pool_size=10) as pgbouncer:
        recorded = pgbouncer.settings

    assert recorded == {
        "pool_mode": "transaction",
        "auth_type": "scram-sha-256",
        "auth_file": "SCRAM verifier",
        "max_client_conn": "2000",
        "default_pool_size": "10",
        "max_user_connections": "20",
        "server_login_retry": "0.5",
        "query_wait_timeout": "5",
        "server_tls_sslmode": "prefer",
        "ignore_startup_parameters": "",
        "listen_backlog": "1024",
    }
    assert pgbouncer.version[0].isdigit()


def test_a_wrong_password_is_refused(pgbouncer):
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(f"postgresql://webapp:wrong@127.0.0.1:{pgbouncer.port}/first")


def test_startup_parameters_are_refused_as_rds_proxy_refuses_them(pgbouncer):
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(pgbouncer.url("first"), options="-c statement_timeout=1000")


def test_a_session_is_not_kept_between_transactions(pgbouncer):
    url = pgbouncer.url("second")
    with psycopg.connect(url, autocommit=True) as one, psycopg.connect(url, autocommit=True) as other:
        turns = [one, other, one, other]
        backends = {connection.execute("SELECT pg_backend_pid()").fetchone() for connection in turns}

    assert len(backends) == 1


def test_pgbouncer_serves_an_external_server_without_administrator(server):
    password = """p'a"ss w%rd\\/@:?#"""
    with psycopg.connect(server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE team LOGIN CREATEDB PASSWORD {}").format(sql.Literal(password)))
    url = f"postgresql://team:{quote(password, safe='')}@127.0.0.1:{server.port}/postgres"

    with ExternalPostgres(url) as external, PgBouncer(external, pool_size=5) as pgbouncer:
        assert pgbouncer.settings["auth_file"] == "password"
        with psycopg.connect(pgbouncer.url("postgres")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("team",)


def test_a_pool_above_half_of_the_connections_is_refused(server):
    with pytest.raises(CompareError) as caught, PgBouncer(server, pool_size=21):
        pass

    assert str(caught.value) == (
        "max_connections=43 of the PostgreSQL server is too low for a proxy with a pool of 21; raise it to at least 45"
    )


def test_a_taken_port_is_reported_in_one_line(server):
    with pytest.raises(CompareError) as caught, PgBouncer(server, pool_size=5, port=server.port):
        pass

    assert str(caught.value) == (
        f"port {server.port} of 127.0.0.1 is taken, and pgbouncer needs one of its own; free it or choose another"
    )


def test_a_low_limit_of_open_files_is_raised_only_for_pgbouncer(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = descendants(os.getpid())
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        with PgBouncer(server, pool_size=5):
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (512, hard)
            limits = [_open_files(pid) for pid in descendants(os.getpid()) - before if "pgbouncer" in command_line(pid)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(limits) == 1
    assert limits[0] > 2000


def test_stopping_pgbouncer_closes_the_backends(server):
    with PgBouncer(server, pool_size=5) as pgbouncer, psycopg.connect(pgbouncer.url("third")) as connection:
        backend = connection.execute("SELECT pg_backend_pid()").fetchone()[0]

    assert remaining({backend}) == set()


@pytest.mark.needs("setpriv")
def test_a_killed_caller_leaves_neither_proxy_nor_server():
    with Script(_CALLER) as caller:
        assert caller.line() == "ready"
        started = descendants(caller.process.pid)

        caller.kill()

        assert remaining(started) == set()


def until_a_client_waits(pgbouncer: PgBouncer) -> None:
    deadline = time.monotonic() + 120
    with psycopg.connect(pgbouncer.console_url, autocommit=True) as console:
        cursor = psycopg.ClientCursor(console, row_factory=dict_row)
        while not any(row["cl_waiting"] for row in cursor.execute("SHOW POOLS").fetchall()):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.usefixtures("patience")
def test_the_waits_for_a_connection_are_known_for_each_database(server):
    with PgBouncer(server, pool_size=1) as pgbouncer:
        assert pgbouncer.waits("third").number == 0
        began_s = time.monotonic()
        with (
            psycopg.connect(pgbouncer.url("third")) as first,
            psycopg.connect(pgbouncer.url("third"), autocommit=True) as second,
            ThreadPoolExecutor(1) as executor,
        ):
            # The first one's transaction keeps the only connection.
            first.execute("SELECT 1")
            waiting = executor.submit(second.execute, "SELECT 1")
            until_a_client_waits(pgbouncer)
            time.sleep(0.5)
            first.commit()
            waiting.result()
        lasted_ms = 1_000 * (time.monotonic() - began_s)

        # PgBouncer counts the start of its own connection too.
        waits = pgbouncer.waits("third")
        assert waits.number == 2
        assert 250 <= waits.mean_ms <= lasted_ms
        assert pgbouncer.waits("first").number == 0
