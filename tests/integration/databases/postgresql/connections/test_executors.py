"""Executor threads work for a request: no other request sees its session state, and all connections are returned."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial

import pytest
from django.db import connections, transaction

from django_runtimes.serving.current_request import Request, current_request
from tests.integration.databases.postgresql.connections.foreign_threads import (
    POOL_SIZE,
    close,
    has_connection,
    run,
    workers,
)

pytestmark = pytest.mark.profile_free

SET = "SELECT set_config('app.tenant', 'a', false)"
READ = "SELECT coalesce(nullif(current_setting('app.tenant', true), ''), 'none')"


def in_request(call):
    """Return a function that makes the call in a new request's context, as `asyncio.to_thread` does."""
    context = Context()
    context.run(current_request.set, Request())
    return lambda: context.run(call)


@pytest.mark.parametrize("strategy", ["pool", "persistent", "per_request"])
def test_no_request_on_an_executors_thread_sees_anothers_state(database_server, open_database, strategy):
    wrapper = open_database(database_server.url("postgres"), WEBAPP_DB_STRATEGY=strategy)
    connections.settings[wrapper.alias] = wrapper.settings_dict
    alias = wrapper.alias

    def set_and_read():
        run(alias, "SELECT set_config('app.tenant', 'a', false)")
        return run(alias, "SELECT current_setting('app.tenant', true)")

    def read():
        return run(alias, "SELECT current_setting('app.tenant', true)")

    def read_in_transaction():
        with transaction.atomic(alias):
            return read()

    with workers(1) as (thread,):
        assert thread.do(in_request(set_and_read)) == ("a",)
        assert thread.do(in_request(read))[0] in ("", None)
        thread.do(in_request(set_and_read))
        assert thread.do(in_request(read_in_transaction))[0] in ("", None)
        thread.do(lambda: close(alias))
    del connections.settings[alias]


def context_of(request):
    context = Context()
    context.run(current_request.set, request)
    return context


def test_a_threads_connection_is_returned_when_its_job_ends(alias):
    with ThreadPoolExecutor(1) as executor:
        for job in (SET, "BEGIN", "SELECT pg_advisory_lock(3)") * POOL_SIZE:
            executor.submit(context_of(Request()).run, run, alias, job).result()
            assert not executor.submit(has_connection, alias).result()
        assert executor.submit(context_of(Request()).run, run, alias, READ).result() == ("none",)


def test_the_end_of_a_request_does_not_affect_a_later_request(alias):
    first, second = Request(), Request()
    with workers(1) as (thread,):
        thread.do(partial(context_of(first).run, run, alias, SET))
        thread.do(partial(context_of(second).run, run, alias, SET))
        first.end()

        assert thread.do(partial(context_of(second).run, run, alias, READ)) == ("a",)
        thread.do(lambda: close(alias))


def test_a_transaction_that_outlives_its_request_continues(alias):
    request = Request()
    context = context_of(request)
    with workers(1) as (thread,):
        atomic = transaction.atomic(alias)
        thread.do(partial(context.run, atomic.__enter__))
        thread.do(partial(context.run, run, alias, "SET LOCAL app.tenant = 'a'"))
        request.end()

        assert thread.do(partial(context.run, run, alias, READ)) == ("a",)
        thread.do(partial(context.run, atomic.__exit__, None, None, None))
        assert not thread.do(partial(context.run, has_connection, alias))


def test_a_thread_that_outlives_its_request_loses_no_query(alias):
    def work(context):
        for _ in range(200):
            context.run(run, alias, SET)
            assert context.run(run, alias, READ) in [("a",), ("none",)]

    with ThreadPoolExecutor(POOL_SIZE) as executor:
        for _ in range(5):
            requests = [Request() for _ in range(POOL_SIZE)]
            running = [executor.submit(work, context_of(request)) for request in requests]
            time.sleep(0.05)
            for request in requests:
                request.end()
            for one in running:
                one.result()


@pytest.mark.parametrize("strategy", ["pool", "persistent", "per_request"])
def test_psycopgs_connection_shows_no_state_of_another_request(database_server, open_database, strategy):
    wrapper = open_database(database_server.url("postgres"), WEBAPP_DB_STRATEGY=strategy)
    connections.settings[wrapper.alias] = wrapper.settings_dict
    alias = wrapper.alias

    def read():
        if connections[alias].connection is None:
            connections[alias].ensure_connection()
        return connections[alias].connection.execute(READ).fetchone()

    with workers(1) as (thread,):
        thread.do(in_request(lambda: run(alias, SET)))
        assert thread.do(in_request(read)) == ("none",)
        thread.do(lambda: close(alias))
    del connections.settings[alias]
