"""Cursors and connections of psycopg that are kept too long or used on another thread."""

import sys

import psycopg
import pytest
from django.db import InterfaceError, connections, transaction

from tests.integration.databases.postgresql.connections.foreign_threads import (
    has_connection,
    named_cursor,
    run,
    workers,
)

pytestmark = pytest.mark.profile_free


USES = {
    "execute": lambda cursor: cursor.execute("SELECT 1"),
    "executemany": lambda cursor: cursor.executemany("SELECT %s", [[1]]),
    "stream": lambda cursor: list(cursor.stream("SELECT 1")),
    "copy": lambda cursor: cursor.copy("COPY (SELECT 1) TO STDOUT").__enter__(),
}
FETCHES = {
    "fetchone": lambda cursor: cursor.fetchone(),
    "fetchmany": lambda cursor: cursor.fetchmany(1),
    "fetchall": lambda cursor: cursor.fetchall(),
    "next": lambda cursor: next(iter(cursor)),
    "scroll": lambda cursor: cursor.scroll(1),
}


@pytest.mark.parametrize("use", [*USES, *FETCHES])
def test_a_cursor_that_outlives_its_connection_is_refused(alias, use):
    kept = connections[alias].cursor() if use in USES else named_cursor(alias)
    connections[alias].close()
    with transaction.atomic(alias):
        assert run(alias, "SELECT 1") == (1,)
        with pytest.raises((InterfaceError, psycopg.InterfaceError), match="gone back"):
            {**USES, **FETCHES}[use](kept)
        kept.close()
        assert run(alias, "SELECT 1") == (1,)


@pytest.mark.parametrize("end", [lambda kept: kept[0].close(), lambda kept: kept.clear()], ids=["closes", "drops"])
def test_a_cursor_closed_by_another_thread_returns_no_connection(alias, monkeypatch, end):
    unraised, kept = [], []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    with workers(2) as (thread, other):
        thread.do(lambda: kept.append(connections[alias].cursor()))
        other.do(lambda: end(kept))

        assert unraised == []
        assert thread.do(lambda: has_connection(alias))
        assert thread.do(lambda: run(alias, "SELECT 1")) == (1,)
        assert not thread.do(lambda: has_connection(alias))


def test_a_cursor_closed_by_another_thread_sends_no_query(alias):
    with workers(1) as (thread,):
        kept = thread.do(lambda: named_cursor(alias))
        kept.close()

        assert kept.closed
        assert thread.do(lambda: run(alias, "SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%'")) == (1,)
    assert run(alias, "SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%'") == (0,)


def test_a_thread_cannot_use_a_connection_it_returned(alias):
    def keep():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.connection

    with workers(1) as (thread,):
        kept = thread.do(keep)
        for use in (lambda: kept.execute("SELECT 1"), kept.commit, kept.rollback):
            with pytest.raises(psycopg.InterfaceError, match="gone back"):
                thread.do(use)
        with transaction.atomic(alias):
            run(alias, "SELECT 1")
            with pytest.raises(psycopg.InterfaceError, match="gone back"):
                thread.do(lambda: kept.execute("SELECT 1"))


@pytest.mark.parametrize("use", ["cancel", "cancel_safe", "close"])
def test_a_thread_cannot_close_a_connection_it_returned(alias, use):
    with workers(1) as (thread,):
        kept = thread.do(lambda: kept_connection(alias))
        with transaction.atomic(alias):
            run(alias, "SELECT 1")
            with pytest.raises(psycopg.InterfaceError, match="gone back"):
                thread.do(getattr(kept, use))
            assert run(alias, "SELECT 1") == (1,)


def kept_connection(alias):
    connections[alias].ensure_connection()
    connection = connections[alias].connection
    connections[alias].close()
    return connection


def test_a_shared_connection_serves_another_thread(alias):
    wrapper = connections[alias]
    run(alias, "SELECT 1")
    shared = wrapper.connection
    wrapper.inc_thread_sharing()
    with workers(1) as (thread,):
        thread.do(lambda: connections.__setitem__(alias, wrapper))
        assert thread.do(lambda: run(alias, "SELECT 1")) == (1,)
        wrapper.dec_thread_sharing()
        with pytest.raises(psycopg.InterfaceError, match="gone back"):
            thread.do(lambda: shared.execute("SELECT 1"))
    assert wrapper.connection is shared
    assert run(alias, "SELECT 1") == (1,)
