"""No session state passes from one request to the next on the same connection."""

import time

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, ProgrammingError, transaction
from django.db.backends.signals import connection_created
from django.db.models import Count
from psycopg.types.string import StrDumper

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from tests.integration.databases.postgresql.conftest import backend_pid, end_request, run

pytestmark = pytest.mark.profile_free

# Each entry is the statement that sets the state, the query that shows it, and the values the next request may see.
STATE = {
    "a setting": ("SET app.tenant = 'a'", "SELECT current_setting('app.tenant', true)", {"", None}),
    "set_config in a query": (
        "SELECT set_config('app.tenant', 'a', false)",
        "SELECT current_setting('app.tenant', true)",
        {"", None},
    ),
    "set_config in a CTE": (
        "WITH t AS MATERIALIZED (SELECT set_config('app.tenant', 'a', false)) SELECT * FROM t",
        "SELECT current_setting('app.tenant', true)",
        {"", None},
    ),
    "search_path": ("SET search_path TO pg_catalog", "SHOW search_path", {'"$user", public'}),
    "search_path by EXECUTE in a block": (
        "DO $$ BEGIN EXECUTE 'SET search_path TO pg_catalog'; END $$",
        "SHOW search_path",
        {'"$user", public'},
    ),
    "a role": ("SET ROLE pg_monitor", "SELECT current_user = session_user", {True}),
    "a temporary table": ("CREATE TEMP TABLE scratch (x int)", "SELECT to_regclass('pg_temp.scratch')", {None}),
    "a session lock": (
        "SELECT pg_advisory_lock(7411)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        {0},
    ),
    "a prepared statement": (
        "PREPARE q AS SELECT 1",
        "SELECT count(*) FROM pg_prepared_statements WHERE name = 'q'",
        {0},
    ),
    "a cursor with hold": (
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "SELECT count(*) FROM pg_cursors WHERE name = 'c'",
        {0},
    ),
    "a channel": ("LISTEN news", "SELECT count(*) FROM pg_listening_channels()", {0}),
    "a statement timeout": ("SET statement_timeout = '7s'", "SHOW statement_timeout", {"0"}),
    "the time zone": ("SET TIME ZONE 'Pacific/Auckland'", "SHOW TimeZone", {"UTC"}),
}


@pytest.mark.parametrize("name", STATE)
def test_session_state_is_reset_for_the_next_request(wrapper, name):
    leave, look, expected = STATE[name]
    pid = backend_pid(wrapper)
    end_request(wrapper)
    run(wrapper, leave)
    assert run(wrapper, look) not in expected
    end_request(wrapper)

    assert run(wrapper, look) in expected
    assert backend_pid(wrapper) == pid


def test_session_state_is_reset_after_an_error(wrapper):
    run(wrapper, "SET app.tenant = 'a'")
    with pytest.raises(ProgrammingError):
        run(wrapper, "SELECT nothing")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")


def test_session_state_is_reset_after_a_transaction(wrapper):
    with transaction.atomic(wrapper.alias), transaction.atomic(wrapper.alias):
        run(wrapper, "SET app.tenant = 'a'")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")


def test_session_state_is_reset_after_an_open_transaction(wrapper):
    run(wrapper, "SET app.tenant = 'a'")
    run(wrapper, "BEGIN")
    run(wrapper, "SELECT pg_advisory_lock(7412)")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")
    assert run(wrapper, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == 0


def test_state_set_through_psycopgs_connection_is_reset_too(wrapper):
    wrapper.ensure_connection()
    wrapper.connection.execute("SET app.tenant = 'a'")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")


@pytest.mark.parametrize("cursor_class", [psycopg.Cursor, psycopg.ClientCursor, psycopg.RawCursor])
def test_state_set_through_a_psycopg_cursor_is_reset_too(wrapper, cursor_class):
    wrapper.ensure_connection()
    cursor_class(wrapper.connection).execute("SET app.tenant = 'a'")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")


def test_state_is_reset_even_if_the_cursor_factory_was_changed(wrapper):
    wrapper.ensure_connection()
    wrapper.connection.cursor_factory = psycopg.Cursor
    wrapper.connection.execute("SET app.tenant = 'a'")
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")


def test_lastval_is_reset_at_the_end_of_a_request(wrapper):
    run(wrapper, "CREATE TABLE IF NOT EXISTS auth_group (id serial PRIMARY KEY, name varchar(150) UNIQUE)")
    end_request(wrapper)
    Group.objects.using(wrapper.alias).create(name="last")
    assert run(wrapper, "SELECT lastval() > 0")
    Group.objects.using(wrapper.alias).filter(name="last")._raw_delete(wrapper.alias)
    end_request(wrapper)
    Group.objects.using(wrapper.alias).create(name="last")
    Group.objects.using(wrapper.alias).filter(name="last")._raw_delete(wrapper.alias)
    end_request(wrapper)

    with pytest.raises(OperationalError, match="not yet defined"):
        run(wrapper, "SELECT lastval()")


def test_the_cursor_of_an_iterator_kept_by_a_request_is_closed(wrapper):
    run(wrapper, "CREATE TABLE IF NOT EXISTS auth_group (id serial PRIMARY KEY, name varchar(150) UNIQUE)")
    groups = Group.objects.using(wrapper.alias)
    for name in "ab":
        groups.get_or_create(name=f"kept {name}")
    end_request(wrapper)
    kept = groups.iterator(chunk_size=1)
    next(kept)
    end_request(wrapper)

    assert run(wrapper, "SELECT count(*) FROM pg_cursors") == 0
    del kept
    groups.all()._raw_delete(wrapper.alias)


class CallingDumper(StrDumper):
    def quote(self, obj):
        return b"set_config('app.tenant', 'a', false)"


class Calling(str):
    __slots__ = ()


def test_session_settings_changed_by_a_custom_dumper_are_reset(wrapper):
    run(wrapper, "CREATE TABLE IF NOT EXISTS auth_group (id serial PRIMARY KEY, name varchar(150) UNIQUE)")
    Group.objects.using(wrapper.alias).get_or_create(name="dumped")
    end_request(wrapper)
    wrapper.ensure_connection()
    wrapper.connection.adapters.register_dumper(Calling, CallingDumper)
    with wrapper.cursor() as cursor:
        # The ORM sends a query like this when a field leaves its value to psycopg's dumper.
        cursor.execute(CompiledSQL("SELECT name FROM auth_group WHERE name = %s OR name = 'dumped'"), [Calling("x")])
    end_request(wrapper)

    assert not run(wrapper, "SELECT current_setting('app.tenant', true)")
    Group.objects.using(wrapper.alias).all()._raw_delete(wrapper.alias)


def test_a_lock_is_released_before_the_next_request(wrapper, administrator):
    run(wrapper, "SELECT pg_advisory_lock(7413)")
    end_request(wrapper)

    deadline_s = time.monotonic() + 60
    while administrator.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7413").fetchall():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_session_without_autocommit_is_configured_again(database_server, open_database):
    wrapper = open_database(
        database_server.administration_url,
        WEBAPP_DB_POOL_MAX_SIZE="1",
        changes={"TIME_ZONE": "Asia/Tokyo"},
    )
    for _ in range(2):
        wrapper.set_autocommit(False)
        run(wrapper, "CREATE TEMP TABLE scratch (x int)")
        end_request(wrapper)

        assert run(wrapper, "SHOW TimeZone") == "Asia/Tokyo"


def test_settings_of_a_connection_created_receiver_are_set_again(wrapper):
    def set_tenant(connection, **kwargs):
        if connection is wrapper:
            run(connection, "SET app.tenant = 'every'")

    connection_created.connect(set_tenant)
    try:
        for _ in range(3):
            assert run(wrapper, "SELECT current_setting('app.tenant', true)") == "every"
            run(wrapper, "SET app.tenant = 'other'")
            end_request(wrapper)
    finally:
        connection_created.disconnect(set_tenant)


def test_orm_queries_need_no_reset(wrapper):
    groups = Group.objects.using(wrapper.alias)
    run(wrapper, "CREATE TABLE IF NOT EXISTS auth_group (id serial PRIMARY KEY, name varchar(150) UNIQUE)")
    end_request(wrapper)
    with transaction.atomic(wrapper.alias), transaction.atomic(wrapper.alias):
        groups.create(name="a")
    groups.filter(name="a").update(name="b")
    assert list(groups.filter(name__startswith="b").values_list("name")) == [("b",)]
    assert groups.aggregate(Count("pk")) == {"pk__count": 1}
    assert [group.name for group in groups.iterator()] == ["b"]
    # Unlike `_raw_delete`, `delete` first queries other tables.
    groups.all()._raw_delete(wrapper.alias)

    assert not wrapper.connection.session.is_touched
    run(wrapper, "SELECT 1")
    assert wrapper.connection.session.is_touched
