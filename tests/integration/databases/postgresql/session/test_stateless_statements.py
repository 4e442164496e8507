"""Statements that leave no state in their session."""

import pytest
from django.db import connections

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.postgresql.session.statements import STATELESS_FUNCTIONS

pytestmark = pytest.mark.profile_free


# These functions return varying results, send a signal, or have an effect that ends with the transaction.
VOLATILE_WITHOUT_STATE = {
    "clock_timestamp",
    "gen_random_uuid",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_blocking_pids",
    "pg_cancel_backend",
    "pg_database_size",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_notify",
    "pg_relation_size",
    "pg_sleep",
    "pg_table_size",
    "pg_terminate_backend",
    "pg_total_relation_size",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "random",
    "timeofday",
    "uuidv4",
    "uuidv7",
}


def test_only_known_stateless_functions_are_volatile_on_the_server(alias):
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace "
            "AND provolatile = 'v' AND proname = ANY (%s)",
            [list(STATELESS_FUNCTIONS)],
        )
        volatile = {name for (name,) in cursor.fetchall()}

    assert volatile <= VOLATILE_WITHOUT_STATE


@pytest.mark.parametrize(("always", "left"), [("0", "a"), ("1", None)])
def test_always_reset_clears_settings_made_by_orm_statements(database_server, open_database, always, left):
    wrapper = open_database(database_server.url("postgres"), WEBAPP_DB_ALWAYS_RESET=always, WEBAPP_DB_POOL_MAX_SIZE="1")
    with wrapper.cursor() as cursor:
        # A query that reads from a database view may change a setting like this.
        cursor.execute(CompiledSQL("SELECT set_config('app.tenant', 'a', false)"))
    wrapper.close()

    with wrapper.cursor() as cursor:
        cursor.execute(CompiledSQL("SELECT current_setting('app.tenant', true)"))
        assert (cursor.fetchone()[0] or None) == left
