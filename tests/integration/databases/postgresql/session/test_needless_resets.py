"""A session without leftover state is not reset; a session with an open cursor always is."""

import psycopg
import pytest
from django.db import transaction

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from tests.integration.databases.postgresql.conftest import end_request, run

pytestmark = pytest.mark.profile_free

FETCHES = {
    "fetchone": lambda cursor: cursor.fetchone(),
    "fetchmany": lambda cursor: cursor.fetchmany(1),
    "fetchall": lambda cursor: cursor.fetchall(),
    "next": next,
    "scroll": lambda cursor: cursor.scroll(1),
}


def declare(wrapper):
    """Open a cursor on the server, as the ORM does for `iterator()`."""
    cursor = wrapper.chunked_cursor()
    cursor.execute(CompiledSQL("SELECT generate_series(1, 3)"))
    return cursor


def cursors_on_server(wrapper) -> int:
    return run(wrapper, "SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%'")


def reset_statement(wrapper) -> bytes | None:
    return wrapper.connection.session.reset_statement()


def test_an_orm_transaction_needs_no_reset(wrapper):
    wrapper.ensure_connection()
    for set_rollback in (False, True):
        with transaction.atomic(wrapper.alias), wrapper.cursor() as cursor:
            cursor.execute(CompiledSQL("SELECT 1"))
            transaction.set_rollback(set_rollback, wrapper.alias)

        assert reset_statement(wrapper) is None


@pytest.mark.parametrize("fetch", FETCHES)
def test_a_cursor_that_was_closed_needs_no_reset(wrapper, fetch):
    cursor = declare(wrapper)
    FETCHES[fetch](cursor.cursor)
    assert reset_statement(wrapper) == b"DISCARD ALL"
    cursor.close()

    assert reset_statement(wrapper) is None
    assert cursors_on_server(wrapper) == 0


def test_a_cursor_that_runs_two_queries_needs_no_reset(wrapper):
    cursor = declare(wrapper)
    cursor.execute(CompiledSQL("SELECT 2"))
    cursor.close()

    assert reset_statement(wrapper) is None


def test_closing_a_cursor_twice_does_not_prevent_the_reset(wrapper):
    closed, kept = declare(wrapper), declare(wrapper)
    closed.close()
    closed.close()
    end_request(wrapper)

    assert cursors_on_server(wrapper) == 0
    kept.close()


def test_closing_an_earlier_requests_cursor_does_not_prevent_the_reset(wrapper):
    outlived = declare(wrapper)
    end_request(wrapper)
    kept = declare(wrapper)
    outlived.close()
    end_request(wrapper)

    assert cursors_on_server(wrapper) == 0
    kept.close()


@pytest.mark.parametrize("fetch", FETCHES)
def test_an_earlier_requests_cursor_fetches_nothing(wrapper, fetch):
    outlived = declare(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()

    with pytest.raises(psycopg.InterfaceError, match="this cursor's connection has gone back"):
        FETCHES[fetch](outlived.cursor)
    outlived.close()


def test_a_connection_in_a_failed_transaction_is_not_usable(wrapper):
    wrapper.ensure_connection()
    assert wrapper.is_usable()
    with pytest.raises(psycopg.errors.UndefinedColumn):
        wrapper.connection.execute("BEGIN; SELECT nothing")

    assert not wrapper.is_usable()
    with pytest.raises(psycopg.OperationalError, match="current transaction is aborted"):
        wrapper.connection.ask(b"SELECT 1")
