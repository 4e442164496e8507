"""Jobs of an executor: each keeps its session state until it ends, and no other job sees that state."""

import logging
import queue
from _thread import get_ident
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool

import pytest
from anyio.to_thread import run_sync
from django.db import connections, transaction

from django_runtimes.databases.postgresql import taking
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.serving.current_request import Request
from tests.integration.databases.postgresql.connections.foreign_threads import (
    POOL_SIZE,
    close,
    has_connection,
    in_request,
    named_cursor,
    run,
    workers,
)

pytestmark = pytest.mark.profile_free

SET = "SELECT set_config('app.tenant', 'a', false)"
READ = "SELECT coalesce(nullif(current_setting('app.tenant', true), ''), 'none')"


@pytest.fixture(params=["pool", "persistent", "per_request"])
def any_alias(request, database_server, open_database):
    """An alias of django.db.connections; each thread has its own wrapper for it."""
    wrapper = open_database(database_server.administration_url, WEBAPP_DB_STRATEGY=request.param)
    connections.settings[wrapper.alias] = wrapper.settings_dict
    yield wrapper.alias
    connections[wrapper.alias].close()
    del connections[wrapper.alias], connections.settings[wrapper.alias]


@pytest.fixture
def executor():
    """An executor with one thread."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def note(any_alias):
    """A table that a job writes to."""
    run(any_alias, "CREATE TABLE note (name text)")
    yield
    run(any_alias, "DROP TABLE note")
    close(any_alias)


def set_raw(alias):
    connections[alias].ensure_connection()
    connections[alias].connection.execute(SET)


def read_raw(alias):
    connections[alias].ensure_connection()
    return connections[alias].connection.execute(READ).fetchone()


@pytest.mark.parametrize("read", [partial(run, sql=READ), read_raw], ids=["query", "raw"])
@pytest.mark.parametrize("set_tenant", [partial(run, sql=SET), set_raw], ids=["query", "raw"])
def test_a_job_without_a_context_sees_no_state_of_another_job(any_alias, executor, set_tenant, read):
    executor.submit(set_tenant, any_alias).result()

    assert executor.submit(read, any_alias).result() == ("none",)


@pytest.mark.parametrize("read", [partial(run, sql=READ), read_raw], ids=["query", "raw"])
def test_a_job_without_a_context_sees_no_state_of_a_request(any_alias, executor, read):
    executor.submit(in_request(Request(), partial(run, any_alias, SET))).result()

    assert executor.submit(read, any_alias).result() == ("none",)


def leave_autocommit_off(alias):
    connections[alias].set_autocommit(False)
    run(alias, SET)


def leave_atomic(alias):
    transaction.atomic(alias).__enter__()
    run(alias, SET)


def leave_atomic_without_connection(alias):
    leave_atomic(alias)
    close(alias)


@pytest.mark.parametrize("set_tenant", [partial(run, sql=SET), set_raw, leave_atomic], ids=["query", "raw", "atomic"])
def test_a_task_of_a_thread_pool_sees_no_state_of_another_task(any_alias, set_tenant):
    def work(_):
        set_tenant(any_alias)
        return read_raw(any_alias)

    with ThreadPool(1) as threads:
        assert threads.map(work, [1, 2], chunksize=1) == [("a",), ("a",)]
        assert threads.apply(run, (any_alias, READ)) == ("none",)
        threads.apply(close, (any_alias,))


@pytest.mark.parametrize("set_tenant", [partial(run, sql=SET), set_raw, leave_atomic], ids=["query", "raw", "atomic"])
async def test_a_call_on_anyios_thread_sees_no_state_of_another_call(any_alias, set_tenant):
    def work():
        set_tenant(any_alias)
        return get_ident()

    thread = await run_sync(work)

    assert await run_sync(get_ident) == thread
    assert await run_sync(partial(run, any_alias, READ)) == ("none",)
    await run_sync(partial(close, any_alias))


async def test_connections_of_anyio_calls_are_returned_when_the_request_ends(alias):
    def work():
        run(alias, SET)
        return connections[alias]

    request = Request()
    wrapper = await run_sync(in_request(request, work))
    assert vars(wrapper)["connection"] is not None
    request.end()

    assert vars(wrapper)["connection"] is None


@pytest.mark.parametrize("first", [partial(run, sql=SET), set_raw], ids=["query", "raw"])
def test_a_job_keeps_its_session_state_until_it_ends(any_alias, executor, first):
    def work():
        first(any_alias)
        return run(any_alias, READ), read_raw(any_alias)

    executor.submit(partial(first, any_alias)).result()

    assert executor.submit(work).result() == (("a",), ("a",))


def test_a_job_that_outlives_its_request_keeps_its_session_state(any_alias, executor):
    request = Request()

    def work():
        run(any_alias, SET)
        request.end()
        return run(any_alias, READ)

    assert executor.submit(in_request(request, work)).result() == ("a",)
    # This job begins after the end of its request.
    assert executor.submit(in_request(request, work)).result() == ("a",)
    assert executor.submit(in_request(Request(), partial(run, any_alias, READ))).result() == ("none",)


def write(alias):
    run(alias, "INSERT INTO note VALUES ('x')")
    return run(alias, READ)


def write_atomically(alias):
    with transaction.atomic(alias):
        return write(alias)


LEAVE = [leave_autocommit_off, leave_atomic, leave_atomic_without_connection]


@pytest.mark.parametrize("leave", LEAVE)
@pytest.mark.parametrize("work", [write, write_atomically])
@pytest.mark.parametrize("has_context", [True, False], ids=["context", "no context"])
def test_a_transaction_left_open_by_a_job_is_rolled_back(any_alias, note, executor, leave, work, has_context, caplog):
    wrap = in_request if has_context else lambda _, call: call
    executor.submit(wrap(Request(), partial(leave, any_alias))).result()

    assert executor.submit(wrap(Request(), partial(work, any_alias))).result() == ("none",)
    assert run(any_alias, "SELECT count(*) FROM note") == (1,)
    assert "left a transaction open" in caplog.text


@pytest.mark.parametrize("leave", LEAVE)
@pytest.mark.parametrize("work", [write, write_atomically])
def test_a_transaction_left_open_by_a_request_is_rolled_back(any_alias, note, leave, work):
    first = Request()
    with workers(1) as (thread,):
        thread.do(in_request(first, partial(leave, any_alias)))
        first.end()

        assert thread.do(in_request(Request(), partial(work, any_alias))) == ("none",)
        assert run(any_alias, "SELECT count(*) FROM note") == (1,)


def test_a_request_within_anothers_transaction_keeps_it_open(any_alias, note):
    def inner():
        run(any_alias, "INSERT INTO note VALUES ('inner')")

    def outer():
        with transaction.atomic(any_alias):
            run(any_alias, "INSERT INTO note VALUES ('outer')")
            in_request(Request(), inner)()
            transaction.set_rollback(True, any_alias)

    with workers(1) as (thread,):
        thread.do(in_request(Request(), outer))
        assert run(any_alias, "SELECT count(*) FROM note") == (0,)


def open_cursor(alias):
    return connections[alias].cursor()


@pytest.mark.parametrize(
    ("make", "end"),
    [(named_cursor, lambda kept: [cursor.close() for cursor in kept]), (open_cursor, lambda kept: kept.clear())],
    ids=["closed", "dropped"],
)
def test_a_cursor_closed_by_another_thread_frees_its_connection(alias, make, end):
    with workers(POOL_SIZE) as threads:
        kept = [thread.do(lambda: make(alias)) for thread in threads]
        end(kept)

        assert run(alias, "SELECT 1") == (1,)
        close(alias)


def test_closing_cursors_in_other_threads_lets_every_waiter_connect(alias):
    handed_over = queue.SimpleQueue()

    def hand_over():
        handed_over.put(open_cursor(alias))

    count = 4 * POOL_SIZE
    with workers(count) as threads, ThreadPoolExecutor(count) as starters:
        # Each thread acts like a view that breaks out of an iterator.
        started = [starters.submit(thread.do, hand_over) for thread in threads]
        for _ in range(count):
            handed_over.get(timeout=60)
        for one in started:
            one.result()


def orm_cursor(alias):
    cursor = connections[alias].chunked_cursor()
    cursor.execute(CompiledSQL("SELECT 1"))
    return cursor


def test_an_iterator_continues_in_the_next_job(alias, executor):
    cursor = executor.submit(orm_cursor, alias).result()

    assert executor.submit(cursor.fetchone).result() == (1,)
    executor.submit(cursor.close).result()
    assert not executor.submit(has_connection, alias).result()


def test_a_thread_keeps_its_state_for_a_while_after_its_request(alias, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    request = Request()
    with workers(POOL_SIZE) as threads:
        for thread in threads:
            thread.do(in_request(request, partial(run, alias, SET)))
        request.end()
        for thread in threads:
            assert thread.do(in_request(request, partial(run, alias, READ))) == ("a",)

        monkeypatch.setattr(taking, "LONGEST_REST_S", 0.0)
        assert run(alias, READ) == ("none",)
        assert "loses its connection and its session state" in caplog.text
        close(alias)
