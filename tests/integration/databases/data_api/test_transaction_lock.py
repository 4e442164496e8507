"""The migration lock of a transaction, on connections whose transactions are plain ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.databases.data_api.migrating import transaction_lock as transaction_locks
from django_runtimes.databases.data_api.migrating.transaction_lock import transaction_lock
from django_runtimes.databases.data_api.migrating.transaction_session import transaction_session
from django_runtimes.databases.interface.migration_lock import EXIT_BUSY, LOST
from django_runtimes.databases.postgresql.administration.session_lock import APPLICATION_NAME, session_lock

pytestmark = pytest.mark.profile_free

LOCK_SESSION = "SELECT pid, state_change FROM pg_stat_activity WHERE application_name = %s"
Open = Callable[..., BaseDatabaseWrapper]


@pytest.fixture
def open_wrapper(database_server, django_db_blocker) -> Iterator[Open]:
    """Returns new wrappers of Django's own engine; `options` are settings of their sessions.

    As in the service, their statements use PostgreSQL's extended protocol.
    """
    address = conninfo_to_dict(database_server.administration_url)
    with django_db_blocker.unblock(), ExitStack() as opened:

        def make(**options: str) -> BaseDatabaseWrapper:
            entry = {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": address["dbname"],
                "USER": address["user"],
                "PASSWORD": address.get("password", ""),
                "HOST": address["host"],
                "PORT": address.get("port", ""),
                "OPTIONS": {
                    "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
                    "server_side_binding": True,
                },
            }
            alias = f"transactions_{len(connections.settings)}"
            wrapper = ConnectionHandler({"default": {}, alias: entry})[alias]
            opened.callback(wrapper.close)
            # `atomic` finds a connection by its alias.
            connections[alias] = wrapper
            connections.settings[alias] = wrapper.settings_dict
            opened.callback(forget, alias)
            return wrapper

        yield make


def forget(alias: str) -> None:
    del connections[alias], connections.settings[alias]


@pytest.fixture
def administrator(database_server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        deadline_s = time.monotonic() + 120
        # The sessions of an earlier test outlive their connections for a moment.
        while connection.execute(LOCK_SESSION, [APPLICATION_NAME]).fetchone() is not None:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        yield connection


def be_quiet(line: str) -> None:
    """Receive a line about the holder."""


def shown(wrapper: BaseDatabaseWrapper, setting: str) -> str:
    with wrapper.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [(transaction_lock, transaction_lock), (session_lock, transaction_lock), (transaction_lock, session_lock)],
)
def test_another_process_waits_for_the_lock_and_then_names_its_holder(open_wrapper, first, second):
    lines: list[str] = []
    with (
        first(open_wrapper(), wait_s=0, say=be_quiet),
        pytest.raises(CommandError) as refused,
        second(open_wrapper(), wait_s=1, say=lines.append),
    ):
        pass

    (line,) = lines
    assert f"application_name '{APPLICATION_NAME}'): waiting up to 1 s" in line
    assert refused.value.returncode == EXIT_BUSY
    assert str(refused.value).startswith("another migrate is still running after --wait 1 s (pid ")


@pytest.mark.parametrize("second", [transaction_lock, session_lock])
def test_the_lock_is_free_once_it_is_released(open_wrapper, second):
    with transaction_lock(open_wrapper(), wait_s=0, say=be_quiet):
        pass

    with second(open_wrapper(), wait_s=0, say=be_quiet) as lock:
        lock.check()


def test_of_several_processes_one_at_a_time_has_the_lock(open_wrapper, django_db_blocker):
    inside: list[int] = []
    most: list[int] = []

    def migrate(wrapper: BaseDatabaseWrapper) -> None:
        wrapper.inc_thread_sharing()
        with transaction_lock(wrapper, wait_s=120, say=be_quiet):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            inside.pop()

    threads = [threading.Thread(target=migrate, args=[open_wrapper()]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1, 1, 1]


def test_a_lost_transaction_is_an_error_before_a_migration_and_at_the_end(open_wrapper, administrator):
    def migrate() -> None:
        with transaction_lock(open_wrapper(), wait_s=0, say=be_quiet) as lock:
            (pid, _) = administrator.execute(LOCK_SESSION, [APPLICATION_NAME]).fetchone()
            administrator.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
            with pytest.raises(CommandError) as before_a_migration:
                lock.check()
            assert str(before_a_migration.value) == LOST

    with pytest.raises(CommandError) as at_the_end:
        migrate()

    assert str(at_the_end.value) == LOST


def test_a_transaction_without_the_lock_is_an_error_too(open_wrapper):
    with (
        pytest.raises(CommandError, match="lock is lost"),
        transaction_lock(open_wrapper(), wait_s=0, say=be_quiet) as lock,
    ):
        lock._connection.rollback()


def test_the_transaction_is_asked_while_a_migration_runs(open_wrapper, administrator, monkeypatch):
    monkeypatch.setattr(transaction_locks, "_ASK_EVERY_S", 0.05)
    with transaction_lock(open_wrapper(), wait_s=0, say=be_quiet):
        asked = {administrator.execute(LOCK_SESSION, [APPLICATION_NAME]).fetchone()}
        deadline = time.monotonic() + 120
        while len(asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
            asked.add(administrator.execute(LOCK_SESSION, [APPLICATION_NAME]).fetchone())

    assert len(asked) == 3
    assert len({pid for pid, _ in asked}) == 1


def test_the_lock_delays_no_concurrent_index(open_wrapper, administrator):
    snapshots = "SELECT backend_xmin::text FROM pg_stat_activity WHERE application_name = %s"
    with transaction_lock(open_wrapper(), wait_s=0, say=be_quiet) as lock:
        at_first = administrator.execute(snapshots, [APPLICATION_NAME]).fetchall()
        lock.check()
        later = administrator.execute(snapshots, [APPLICATION_NAME]).fetchall()

    assert at_first == later == [(None,)]


def test_the_roles_timeouts_do_not_end_the_lock(open_wrapper):
    wrapper = open_wrapper(idle_in_transaction_session_timeout="1500ms", statement_timeout="60s")
    with transaction_lock(wrapper, wait_s=0, say=be_quiet) as lock:
        time.sleep(2)
        lock.check()


def test_every_transaction_of_a_migration_has_its_own_timeouts(open_wrapper):
    wrapper = open_wrapper(statement_timeout="8s", lock_timeout="1s")
    with transaction_session(wrapper, lock_timeout_s=3):
        with transaction.atomic(using=wrapper.alias):
            committed = shown(wrapper, "lock_timeout"), shown(wrapper, "statement_timeout")
        with transaction.atomic(using=wrapper.alias):
            rolled_back = shown(wrapper, "lock_timeout")
            transaction.set_rollback(True, using=wrapper.alias)
        with transaction.atomic(using=wrapper.alias):
            later = shown(wrapper, "lock_timeout")
        outside = shown(wrapper, "lock_timeout")

    assert committed == ("3s", "0")
    assert rolled_back == later == "3s"
    assert outside == "1s"


def test_a_transaction_is_prepared_again_after_a_return_to_a_savepoint(open_wrapper):
    wrapper = open_wrapper()
    with transaction_session(wrapper, lock_timeout_s=3), transaction.atomic(using=wrapper.alias):
        with transaction.atomic(using=wrapper.alias):
            shown(wrapper, "lock_timeout")
            transaction.set_rollback(True, using=wrapper.alias)
        again = shown(wrapper, "lock_timeout")

    assert again == "3s"


def test_a_migration_that_outlives_the_lock_keeps_others_waiting(open_wrapper):
    wrapper = open_wrapper()
    with transaction_session(wrapper, lock_timeout_s=3):
        with transaction.atomic(using=wrapper.alias):
            shown(wrapper, "lock_timeout")
            with (
                pytest.raises(CommandError, match="still running"),
                transaction_lock(open_wrapper(), wait_s=0, say=be_quiet),
            ):
                pass
        with transaction_lock(open_wrapper(), wait_s=0, say=be_quiet):
            pass


def test_a_migration_shares_the_lock_of_its_own_process(open_wrapper):
    wrapper = open_wrapper()
    with (
        transaction_lock(wrapper, wait_s=0, say=be_quiet) as lock,
        transaction_session(wrapper, lock_timeout_s=3),
        transaction.atomic(using=wrapper.alias),
    ):
        assert shown(wrapper, "lock_timeout") == "3s"
        lock.check()


def test_a_migration_stops_when_another_one_has_the_lock(open_wrapper, administrator):
    wrapper = open_wrapper()
    administrator.execute("SELECT pg_advisory_lock(%s)", [transaction_locks.LOCK_KEY])
    with (
        pytest.raises(CommandError, match="the migration lock is lost and another migrate is running"),
        transaction_session(wrapper, lock_timeout_s=3),
        transaction.atomic(using=wrapper.alias),
    ):
        shown(wrapper, "lock_timeout")


def test_a_statement_that_waits_too_long_names_the_blocking_session(open_wrapper, administrator):
    wrapper = open_wrapper()
    administrator.execute("CREATE TABLE blocked_page (id int)")
    try:
        with administrator.transaction():
            administrator.execute("LOCK TABLE blocked_page")
            with (
                pytest.raises(CommandError) as refused,
                transaction_session(wrapper, lock_timeout_s=1),
                transaction.atomic(using=wrapper.alias),
                wrapper.cursor() as cursor,
            ):
                cursor.execute("ALTER TABLE blocked_page ADD name text")
    finally:
        administrator.execute("DROP TABLE blocked_page")

    assert isinstance(refused.value.__cause__, OperationalError)
    assert str(refused.value).startswith("canceling statement due to lock timeout (1 s): ALTER TABLE blocked_page ADD")
    assert "has a lock on blocked_page" in str(refused.value)
