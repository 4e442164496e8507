"""Several calls of one request on one anyio thread: no call loses its connection to another thread."""

import asyncio
import gc
import queue
import threading
from _thread import get_ident
from contextvars import Context
from multiprocessing.pool import ThreadPool
from weakref import ref

import pytest
from anyio import CancelScope, from_thread
from anyio.to_thread import run_sync
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections, transaction

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.serving.current_request import Request, current_request
from tests.integration.databases.postgresql.connections.foreign_threads import close, run, workers

pytestmark = pytest.mark.profile_free

SET = "SELECT set_config('app.tenant', 'a', false)"
READ = "SELECT coalesce(nullif(current_setting('app.tenant', true), ''), 'none')"


@pytest.fixture
def request_():
    """The request that this test's tasks and their threads belong to."""
    request = Request()
    current_request.set(request)
    yield request
    request.end()
    current_request.set(None)


def release_unused(wrapper):
    """Release unused connections from another thread, as a thread does when the pool is empty."""
    with workers(1) as (thread,):
        thread.do(wrapper.release_unused)


def set_tenant(alias):
    run(alias, SET)
    return get_ident()


async def test_a_second_call_keeps_its_connection_while_its_cursor_is_open(alias, request_):
    def second():
        with connections[alias].cursor() as cursor:
            cursor.execute(SET)
            release_unused(connections[alias])
            cursor.execute(READ)
            return get_ident(), cursor.fetchone()

    thread = await run_sync(set_tenant, alias)

    assert await run_sync(second) == (thread, ("a",))


async def test_a_second_call_keeps_its_session_state_between_two_cursors(alias, request_):
    def second():
        run(alias, SET)
        release_unused(connections[alias])
        return get_ident(), run(alias, READ)

    thread = await run_sync(set_tenant, alias)

    assert await run_sync(second) == (thread, ("a",))


async def test_a_second_call_sees_no_session_state_of_the_first(alias, request_):
    thread = await run_sync(set_tenant, alias)

    assert await run_sync(lambda: (get_ident(), run(alias, READ))) == (thread, ("none",))


def test_a_second_task_sees_no_session_state_of_the_first(alias, request_):
    def work(statement):
        context = Context()
        context.run(current_request.set, request_)
        return context.run(run, alias, statement)

    with ThreadPool(1) as threads:
        threads.apply(work, [SET])
        assert threads.apply(work, [READ]) == ("none",)
        threads.apply(close, [alias])


@pytest.mark.parametrize("statement", [CompiledSQL("SELECT 1"), SET], ids=["orm", "raw"])
async def test_the_next_call_can_read_a_cursor_that_a_call_returns(alias, request_, statement):
    def first():
        cursor = connections[alias].cursor()
        cursor.execute(statement)
        return connections[alias], cursor

    def second():
        release_unused(wrapper)
        cursor.execute(READ)
        row = cursor.fetchone()
        cursor.close()
        return row

    wrapper, cursor = await run_sync(first)

    assert await run_sync(second) is not None


async def test_an_abandoned_call_keeps_its_session_state(alias, request_):
    is_given_up, rows = threading.Event(), queue.SimpleQueue()

    def work():
        run(alias, SET)
        from_thread.run_sync(scope.cancel)
        is_given_up.wait()
        release_unused(connections[alias])
        rows.put(run(alias, READ))

    with CancelScope() as scope:
        await run_sync(work, abandon_on_cancel=True)
    is_given_up.set()

    assert await asyncio.to_thread(rows.get, timeout=60) == ("a",)


async def test_thread_sensitive_calls_within_a_call_share_its_session(alias, request_):
    def work():
        with transaction.atomic(alias):
            run(alias, SET)
            return async_to_sync(sync_to_async(run))(alias, READ), run(alias, READ)

    assert await run_sync(work) == (("a",), ("a",))


def test_a_request_keeps_no_wrappers_of_threads_that_have_ended(alias, request_):
    def work():
        current_request.set(request_)
        run(alias, SET)
        return ref(connections[alias])

    with workers(1) as (thread,):
        wrapper = thread.do(work)
        assert wrapper() is not None
    del thread
    gc.collect()

    assert wrapper() is None
