"""Server-side cursors that one thread opens and others read, as Starlette reads a synchronous generator."""

import gc
import threading
from contextlib import ExitStack
from functools import partial

import pytest
from django.db import DatabaseError, InterfaceError, connections, transaction

from django_runtimes.databases.postgresql.connections import pool
from django_runtimes.databases.postgresql.session import cursors
from django_runtimes.databases.postgresql.session.noted import fetching
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.serving.current_request import Request
from tests.integration.databases.postgresql.connections.foreign_threads import (
    POOL_SIZE,
    Worker,
    close,
    in_request,
    run,
    workers,
)

pytestmark = pytest.mark.profile_free

SET = "SELECT set_config('app.tenant', 'a', false)"
READ = "SELECT coalesce(nullif(current_setting('app.tenant', true), ''), 'none')"
LOCK = "SELECT pg_advisory_lock(15)"
IS_LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 15"


@pytest.fixture(params=["pool", "persistent", "per_request"])
def any_alias(request, database_server, open_database):
    """An alias of django.db.connections; each thread has its own wrapper for it."""
    wrapper = open_database(
        database_server.administration_url,
        WEBAPP_DB_STRATEGY=request.param,
        **({"WEBAPP_DB_POOL_MAX_SIZE": str(POOL_SIZE)} if request.param == "pool" else {}),
    )
    connections.settings[wrapper.alias] = wrapper.settings_dict
    yield wrapper.alias
    connections[wrapper.alias].close()
    del connections[wrapper.alias], connections.settings[wrapper.alias]


@pytest.fixture
def request_():
    """The request that streams the rows."""
    request = Request()
    yield request
    request.end()


@pytest.fixture
def threads():
    """Three threads that no handler manages."""
    with workers(3) as threads:
        yield threads


def open_cursor(alias):
    cursor = connections[alias].chunked_cursor()
    cursor.execute("SELECT generate_series(1, 6)")
    assert cursor.fetchmany(2) == [(1,), (2,)]
    return cursor


@pytest.fixture
def cursor_on(request_):
    """Opens a server-side cursor over the numbers 1 to 6 on a thread, and reads two of them."""
    with ExitStack() as opened:

        def make(thread, alias):
            cursor = thread.do(in_request(request_, partial(open_cursor, alias)))
            opened.callback(cursor.close)
            return cursor

        yield make


def test_another_thread_reads_on(any_alias, request_, threads, cursor_on):
    first, second, third = threads
    cursor = cursor_on(first, any_alias)

    assert second.do(in_request(request_, lambda: cursor.fetchmany(2))) == [(3,), (4,)]
    assert third.do(in_request(request_, cursor.fetchone)) == (5,)
    assert first.do(in_request(request_, cursor.fetchall)) == [(6,)]


def test_the_first_thread_serves_other_requests_in_between(any_alias, request_, threads, cursor_on):
    first, second, _ = threads
    cursor = cursor_on(first, any_alias)

    for _ in range(2):
        assert first.do(in_request(Request(), lambda: (run(any_alias, READ), run(any_alias, SET)))) == (
            ("none",),
            ("a",),
        )

    assert second.do(in_request(request_, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]
    assert first.do(in_request(Request(), lambda: run(any_alias, READ))) == ("none",)


def test_the_first_thread_reads_on_after_it_served_another_request(any_alias, request_, threads, cursor_on):
    first = threads[0]
    cursor = cursor_on(first, any_alias)
    first.do(in_request(Request(), lambda: run(any_alias, SET)))
    first.do(in_request(Request(), lambda: run(any_alias, READ)))

    assert first.do(in_request(request_, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]


def test_the_first_thread_ends(any_alias, request_, threads, cursor_on):
    first, second = Worker(), threads[0]
    cursor = cursor_on(first, any_alias)
    first.end()

    assert second.do(in_request(request_, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]


def compiled_cursor(alias):
    """Open a cursor with a statement of the ORM, which leaves no session state."""
    cursor = connections[alias].chunked_cursor()
    cursor.execute(CompiledSQL("SELECT generate_series(1, 6)"))
    assert cursor.fetchmany(2) == [(1,), (2,)]
    return cursor


def fail_in_transaction(alias):
    with pytest.raises(DatabaseError), transaction.atomic(alias):
        run(alias, "SELECT 1 / 0")


def pause_in_failed_transaction(alias):
    connections[alias].set_autocommit(False)
    with pytest.raises(DatabaseError):
        run(alias, "SELECT 1 / 0")


@pytest.mark.parametrize("work", [close, fail_in_transaction, pause_in_failed_transaction, partial(run, sql=READ)])
def test_no_other_request_ends_or_blocks_the_cursor_of_a_queryset(any_alias, request_, threads, work):
    first, second, _ = threads
    cursor = first.do(in_request(request_, partial(compiled_cursor, any_alias)))

    first.do(in_request(Request(), partial(work, any_alias)))

    assert second.do(in_request(request_, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]
    cursor.close()
    first.do(in_request(Request(), partial(close, any_alias)))


def test_a_requests_locks_end_while_another_ones_cursor_is_open(any_alias, request_, threads, cursor_on):
    first, second, third = threads
    cursor = cursor_on(first, any_alias)
    first.do(in_request(Request(), lambda: run(any_alias, LOCK)))
    first.do(in_request(Request(), lambda: run(any_alias, READ)))

    assert second.do(lambda: run(any_alias, IS_LOCKED)) == (0,)
    assert third.do(in_request(request_, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]


def test_a_closed_session_is_not_read(any_alias, request_, threads, cursor_on):
    first, second, _ = threads
    cursor = cursor_on(first, any_alias)
    first.do(in_request(request_, lambda: close(any_alias)))

    with pytest.raises((DatabaseError, InterfaceError), match=r"closed|has gone back"):
        second.do(in_request(request_, cursor.fetchall))


def _set_raw(alias):
    connections[alias].ensure_connection()
    connections[alias].connection.execute(SET)


def test_a_raw_statement_during_another_threads_fetch_is_noted(any_alias, request_, threads, cursor_on):
    first = threads[0]
    cursor = cursor_on(first, any_alias)

    with fetching(cursor.cursor):
        first.do(in_request(Request(), partial(run, any_alias, READ)))
        first.do(in_request(Request(), partial(_set_raw, any_alias)))
    assert first.do(in_request(Request(), partial(run, any_alias, READ))) == ("none",)


def _take_all(alias, threads):
    """Hold every connection of the pool at the same time; return what their sessions say about the tenant."""

    def take():
        connections[alias].set_autocommit(False)
        return run(alias, READ)

    def give_back():
        connections[alias].rollback()
        connections[alias].set_autocommit(True)
        connections[alias].close()

    try:
        return [thread.do(take) for thread in threads]
    finally:
        for thread in threads:
            thread.do(give_back)


@pytest.mark.parametrize("reason", ["thread ended", "other request"])
def test_the_pool_gets_its_connection_back_after_the_stream(alias, request_, threads, cursor_on, reason):
    first = Worker()
    cursor = cursor_on(first, alias)
    if reason == "other request":
        first.do(in_request(Request(), lambda: run(alias, SET)))
        first.do(in_request(Request(), lambda: run(alias, READ)))
    first.end()
    threads[0].do(in_request(request_, cursor.close))
    request_.end()

    assert _take_all(alias, threads[:POOL_SIZE]) == [("none",)] * POOL_SIZE


@pytest.mark.parametrize("reason", ["nothing", "thread ended", "other request"])
def test_an_empty_pool_takes_the_cursors_of_requests_that_are_over(alias, threads, reason, monkeypatch):
    monkeypatch.setattr(cursors, "ABANDONED_AFTER_S", 0.2)
    request, firsts = Request(), [Worker() for _ in range(POOL_SIZE)]
    left = [first.do(in_request(request, partial(compiled_cursor, alias))) for first in firsts]
    if reason == "other request":
        firsts[0].do(in_request(Request(), partial(close, alias)))
    if reason == "thread ended":
        firsts.pop().end()
    request.end()

    assert _take_all(alias, threads[:POOL_SIZE]) == [("none",)] * POOL_SIZE
    with pytest.raises(InterfaceError, match="has gone back to its pool"):
        threads[2].do(in_request(request, left[0].fetchall))
    for cursor in left:
        cursor.close()
    for first in firsts:
        first.end()


def test_a_task_that_outlives_its_request_reads_on(alias, threads, monkeypatch):
    monkeypatch.setattr(cursors, "ABANDONED_AFTER_S", 600.0)
    request = Request()
    cursor = threads[0].do(in_request(request, partial(compiled_cursor, alias)))
    request.end()
    threads[1].do(connections[alias].release_unused)

    assert threads[2].do(in_request(request, cursor.fetchall)) == [(3,), (4,), (5,), (6,)]
    cursor.close()


def test_session_state_outlives_an_abandoned_cursor(alias, threads, monkeypatch):
    monkeypatch.setattr(cursors, "ABANDONED_AFTER_S", 0.0)
    request, first = Request(), threads[0]

    def work():
        run(alias, SET)
        return compiled_cursor(alias)

    cursor = first.do(in_request(request, work))
    request.end()
    wrapper = first.do(lambda: connections[alias])
    threads[1].do(wrapper.release_unused)

    assert first.do(in_request(request, partial(run, alias, READ))) == ("a",)
    cursor.close()


def test_a_connection_that_fetches_for_too_long_is_closed(alias, threads, monkeypatch):
    monkeypatch.setattr(pool, "_LONGEST_FETCH_S", 0.1)
    first, second, third = threads
    raw = first.do(lambda: (run(alias, SET), connections[alias].connection)[1])
    fetches, release = threading.Event(), threading.Event()

    def fetch():
        with raw.lock:
            fetches.set()
            assert release.wait(120)

    fetching_thread = threading.Thread(target=fetch)
    fetching_thread.start()
    assert fetches.wait(120)
    first.do(partial(close, alias))
    release.set()
    fetching_thread.join()

    assert raw.closed
    assert _take_all(alias, [second, third]) == [("none",)] * POOL_SIZE


def test_a_cursor_that_is_dropped_within_a_statement_does_not_block(alias, threads):
    def work():
        opened = [connections[alias].cursor()]
        # psycopg holds its lock while it sends a statement, and the garbage collector may run then.
        with connections[alias].connection.lock:
            opened.clear()

    thread = Worker()
    thread.do(work)

    assert _take_all(alias, threads[:POOL_SIZE]) == [("none",)] * POOL_SIZE
    thread.end()


# psycopg warns about each cursor that is dropped without being closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_an_empty_pool_takes_back_a_connection_whose_cursor_was_dropped(alias, request_, threads):
    first = Worker()
    opened = [first.do(in_request(request_, partial(open_cursor, alias)))]
    first.end()
    opened.clear()
    gc.collect()

    assert _take_all(alias, threads[:POOL_SIZE]) == [("none",)] * POOL_SIZE
