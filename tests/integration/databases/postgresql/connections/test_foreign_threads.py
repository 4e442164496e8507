"""Threads that the server does not manage return pooled connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext
from psycopg.sql import SQL, Literal
from psycopg_pool import PoolTimeout

from django_runtimes.databases.readiness import PoolEmptyError, check_pools
from tests.integration.databases.postgresql.connections.foreign_threads import (
    POOL_SIZE,
    close,
    has_connection,
    named_cursor,
    run,
    workers,
)

pytestmark = pytest.mark.profile_free


def set_many_times(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.executemany("SELECT set_config('app.tenant', %s, false)", [["a"]])


def set_by_copy(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        list(cursor.copy("COPY (SELECT set_config('app.tenant', 'a', false)) TO STDOUT").__enter__())


def set_by_stream(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        list(cursor.stream("SELECT set_config('app.tenant', 'a', false)"))


def test_running_threads_keep_no_connection(alias):
    with workers(3 * POOL_SIZE) as threads:
        for thread in threads:
            assert thread.do(lambda: run(alias, "SELECT 1")) == (1,)
            assert not thread.do(lambda: has_connection(alias))


def test_ended_threads_keep_no_connection(alias):
    for _ in range(3 * POOL_SIZE):
        with workers(1) as (thread,):
            thread.do(lambda: run(alias, "SET app.tenant = 'a'"))
            assert thread.do(lambda: has_connection(alias))

    assert run(alias, "SELECT current_setting('app.tenant', true)")[0] in ("", None)


def test_an_open_executor_keeps_no_connection(alias):
    executor = ThreadPoolExecutor(4 * POOL_SIZE)

    assert set(executor.map(lambda _: run(alias, "SELECT 1"), range(8 * POOL_SIZE))) == {(1,)}
    executor.shutdown()


def test_a_transaction_of_an_ended_thread_is_rolled_back(alias):
    def leave_open():
        connections[alias].set_autocommit(False)
        run(alias, "CREATE TABLE left_open (x int)")

    for _ in range(3 * POOL_SIZE):
        with workers(1) as (thread,):
            thread.do(leave_open)

    assert run(alias, "SELECT to_regclass('left_open')") == (None,)


@pytest.mark.parametrize(
    "begin",
    [
        lambda alias: transaction.atomic(alias).__enter__(),
        lambda alias: connections[alias].set_autocommit(False),
        lambda alias: run(alias, "BEGIN"),
        lambda alias: run(alias, "SET app.tenant = 'a'"),
        lambda alias: run(alias, "SELECT set_config('app.tenant', 'a', false)"),
        lambda alias: run(alias, b"SET app.tenant = 'a'"),
        lambda alias: run(alias, bytearray(b"SET app.tenant = 'a'")),
        lambda alias: run(alias, SQL("SET app.tenant = {}").format(Literal("a"))),
        set_many_times,
        set_by_copy,
        set_by_stream,
        lambda alias: run(alias, "SELECT pg_advisory_lock(1)"),
        lambda alias: run(alias, "CREATE TEMP TABLE scratch (x int)"),
        lambda alias: connections[alias].cursor(),
        named_cursor,
    ],
    ids=[
        *(
            "atomic",
            "no autocommit",
            "BEGIN",
            "SET",
            "set_config",
            "bytes",
            "bytearray",
            "composed",
            "executemany",
            "copy",
            "stream",
            "lock",
        ),
        *("temporary table", "cursor", "named cursor"),
    ],
)
def test_a_thread_with_open_work_or_state_keeps_its_connection(alias, begin):
    kept = []
    with workers(1) as (thread,):
        thread.do(lambda: run(alias, "SELECT 1"))
        assert not thread.do(lambda: has_connection(alias))
        thread.do(lambda: kept.append(begin(alias)))
        assert thread.do(lambda: run(alias, "SELECT 1")) == (1,)

        assert thread.do(lambda: has_connection(alias))
        thread.do(lambda: [cursor.close() for cursor in kept if cursor is not None and hasattr(cursor, "close")])
        thread.do(lambda: close(alias))


def test_a_connection_is_returned_after_the_transaction(alias):
    def commit():
        with transaction.atomic(alias):
            run(alias, "SELECT 1")
            assert has_connection(alias)
            transaction.on_commit(lambda: run(alias, "SELECT 1"), using=alias)
        return has_connection(alias)

    def roll_back():
        try:
            with transaction.atomic(alias):
                run(alias, "SELECT nothing")
        except Exception:
            return has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(commit) is False
        assert thread.do(roll_back) is False


def test_a_connection_is_returned_when_the_last_cursor_closes(alias):
    def two_cursors():
        connection = connections[alias]
        with connection.cursor() as first:
            first.execute("SELECT 1")
            with connection.cursor() as second:
                second.execute("SELECT 2")
            assert has_connection(alias)
            assert first.fetchone() == (1,)
        return has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(two_cursors) is False


def test_an_unclosed_cursor_keeps_no_connection(alias):
    def forget():
        connections[alias].cursor().execute("SELECT 1")
        return has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(forget) is False


def test_garbage_collection_returns_no_connection_twice(alias, monkeypatch):
    wrapper = connections[alias]
    dropped = []

    def close_pooled(self, conn, *args, **kwargs):
        # Simulate a garbage collection that drops an unclosed cursor at this point.
        dropped.append(wrapper_of_thread[0]._open_cursors.copy())
        for forget in [one.__callback__ for one in wrapper_of_thread[0]._open_cursors.values()]:
            forget(None)
        return original(self, conn, *args, **kwargs)

    original = type(wrapper.pool).putconn
    monkeypatch.setattr(type(wrapper.pool), "putconn", close_pooled)
    wrapper_of_thread = []

    def close_with_an_open_cursor():
        mine = connections[alias]
        wrapper_of_thread[:] = [mine]
        cursor = mine.cursor()
        mine.close()
        return cursor

    with workers(1) as (thread,):
        thread.do(close_with_an_open_cursor)

    assert len(dropped) == 1
    assert len({id(one) for one in wrapper.pool._pool}) == len(wrapper.pool._pool)


def test_a_caught_error_keeps_no_connection(alias):
    def fail():
        with pytest.raises(Exception, match="nothing"):
            run(alias, "SELECT nothing")
        return has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(fail) is False


def test_a_connection_created_receiver_keeps_no_connection(alias):
    def set_timeout(connection, **kwargs):
        if connection.alias == alias:
            run(alias, "SET statement_timeout = 5000")

    connection_created.connect(set_timeout)
    try:
        with workers(2 * POOL_SIZE) as threads:
            for thread in threads:
                assert thread.do(lambda: run(alias, "SHOW statement_timeout")) == ("5s",)
                assert not thread.do(lambda: has_connection(alias))
    finally:
        connection_created.disconnect(set_timeout)


def test_logged_queries_keep_no_connection(alias):
    def logged():
        with CaptureQueriesContext(connections[alias]) as queries:
            run(alias, "SELECT 1")
        return len(queries), has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(logged) == (1, False)


def test_a_thread_that_serves_whole_requests_keeps_its_connection(alias):
    def serve():
        threading.current_thread().serves_whole_requests = True
        run(alias, "SELECT 1")
        return has_connection(alias)

    with workers(1) as (thread,):
        assert thread.do(serve) is True
        thread.do(lambda: close(alias))
        assert not thread.do(lambda: has_connection(alias))


def test_a_pool_measures_how_long_it_has_been_empty(alias):
    pool = connections[alias].pool
    assert pool.empty_for_s == 0
    with workers(POOL_SIZE) as threads:
        for thread in threads:
            thread.do(lambda: run(alias, "SELECT pg_advisory_lock_shared(2)"))
        time.sleep(0.3)
        with pytest.raises(PoolTimeout):
            pool.getconn(1.0)
        assert 1.2 < pool.empty_for_s < 60
        check_pools(longest_empty_s=600)
        with pytest.raises(PoolEmptyError, match=alias):
            check_pools(longest_empty_s=1)

        threads[0].do(lambda: close(alias))
        assert pool.empty_for_s == 0


@pytest.mark.parametrize("statement", ["selec 1", "SELECT nosuch(1)", "SET nosuch = 1"])
def test_a_statement_that_fails_keeps_no_connection(alias, statement):
    with workers(1) as (thread,):
        with pytest.raises(ProgrammingError):
            thread.do(lambda: run(alias, statement))

        assert not thread.do(lambda: has_connection(alias))


@pytest.mark.parametrize("end", ["selec 1", "SELECT 1/0"])
def test_a_failure_after_committed_state_keeps_the_connection(alias, end):
    with workers(1) as (thread,):
        with pytest.raises((ProgrammingError, DataError)):
            thread.do(lambda: run(alias, f"SET app.tenant = 'a'; COMMIT; {end}"))

        assert thread.do(lambda: has_connection(alias))


def test_a_tool_may_patch_djangos_ensure_connection(alias, monkeypatch):
    ensured = []
    connection = connections[alias]
    djangos = connection.ensure_connection

    def ensure(self):
        ensured.append(self.alias)
        djangos()

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure)
    assert run(alias, "SELECT 1") == (1,)

    assert set(ensured) == {alias}
