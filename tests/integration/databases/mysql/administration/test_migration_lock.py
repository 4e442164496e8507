"""The locks of `migrate` on MariaDB, and the session that migrates."""

import time

import pytest
from django.core.management.base import CommandError

from django_runtimes.databases.mysql.administration import named_lock as named_lock_module
from django_runtimes.databases.mysql.administration.migrating_session import migrating_session
from django_runtimes.databases.mysql.administration.named_lock import named_lock
from tests.mariadb import execute, session

pytestmark = pytest.mark.profile_free


def test_another_migrate_waits_and_ends_with_75(connect):
    lines = []
    with named_lock(connect("webapp"), wait_s=0, say=lines.append), pytest.raises(CommandError) as caught:
        named_lock(connect("webapp"), wait_s=0, say=lines.append).__enter__()

    assert caught.value.returncode == 75
    assert "another migrate is still running after --wait 0 s (connection " in str(caught.value)
    assert [line.partition(" (connection ")[0] for line in lines] == ["another migrate is running"]


def test_a_lock_belongs_to_one_database(connect, mariadb_server):
    execute(mariadb_server.administration_url, "SELECT GET_LOCK('webapp migrate another', 0)")

    with named_lock(connect("webapp"), wait_s=0, say=print):
        pass


def test_a_lost_lock_is_noticed_while_the_migration_keeps_its_own(connect, mariadb_server):
    first = connect("webapp")
    lines = []
    held = named_lock(first, wait_s=0, say=print)
    held.__enter__()
    with migrating_session(first, lock_timeout_s=1), first.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        ((migrating,),) = cursor.fetchall()
        (queue,) = _holder(mariadb_server.url(first.settings_dict["NAME"]), "webapp migrate")
        execute(mariadb_server.administration_url, f"KILL {queue}")
        deadline_s = time.monotonic() + 120
        while _holder(mariadb_server.url(first.settings_dict["NAME"]), "webapp migrate") != (None,):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        with pytest.raises(CommandError, match="another migrate is still running"):
            named_lock(connect("webapp"), wait_s=1, say=lines.append).__enter__()
    assert any(f"(connection {migrating} of webapp@127.0.0.1:" in line for line in lines)

    with pytest.raises(CommandError, match="the connection of the migration lock is lost"):
        held.__exit__(None, None, None)


def test_a_proxy_is_refused(connect, monkeypatch):
    connection = connect("webapp")
    monkeypatch.setattr("pymysql.connections.Connection.thread_id", lambda self: 1)

    with pytest.raises(CommandError, match=r"127.0.0.1:\d+ is a proxy, through which locks are unreliable"):
        named_lock(connection, wait_s=0, say=print).__enter__()


def test_the_migrating_session_has_no_timeouts_except_of_locks(connect, mariadb_server):
    connection = connect("webapp")
    names = "max_statement_time", "idle_transaction_timeout", "wait_timeout", "lock_wait_timeout"
    with migrating_session(connection, lock_timeout_s=7), connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'@@{name}' for name in (*names, 'innodb_lock_wait_timeout'))}")
        assert cursor.fetchone() == (0, 0, 31_536_000, 7, 7)

    with migrating_session(connection, lock_timeout_s=0), connection.cursor() as cursor:
        cursor.execute("SELECT @@lock_wait_timeout")
        assert cursor.fetchone() == (31_536_000,)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("webapp", "grant this login PROCESS to see which transactions are open"),
        ("administrator", "open transactions of this database, the oldest first: connection {reader} of webapp@127"),
    ],
)
def test_a_statement_that_waited_too_long_names_the_open_transactions(
    connect, database, mariadb_server, role, expected
):
    connection = connect(role)
    with session(mariadb_server.url(database)) as reader, reader.cursor() as cursor:
        reader.begin()
        cursor.execute("SELECT count(*) FROM entry")

        with (
            pytest.raises(CommandError) as caught,
            migrating_session(connection, lock_timeout_s=1),
            connection.cursor() as migrating,
        ):
            migrating.execute("ALTER TABLE entry ADD COLUMN text text")

    assert str(caught.value).startswith("a lock was not free within 1 s: ALTER TABLE entry ADD COLUMN text text; ")
    assert expected.format(reader=reader.thread_id()) in str(caught.value)
    assert str(caught.value).endswith("run this again when the lock is free, or wait longer with --lock-timeout")


def test_another_session_that_migrates_is_refused(connect, monkeypatch):
    monkeypatch.setattr(named_lock_module, "_FORMER_SESSION_S", 0)
    first, second = connect("webapp"), connect("webapp")
    with migrating_session(first, lock_timeout_s=1):
        first.ensure_connection()
        with (
            pytest.raises(CommandError, match="the migration lock is lost and another migrate is running"),
            migrating_session(second, lock_timeout_s=1),
        ):
            second.ensure_connection()


def _holder(url, prefix):
    return execute(url, "SELECT IS_USED_LOCK(CONCAT(%s, ' ', DATABASE()))", [prefix])[0]
