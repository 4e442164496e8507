"""Resets of a session between two requests on one connection."""

import pytest
from psycopg_pool import ConnectionPool

from tests.integration.databases.postgresql.conftest import backend_pid, end_request, run

pytestmark = pytest.mark.profile_free


def test_psycopgs_prepared_statements_still_work_after_a_reset(database_server, open_database):
    wrapper = open_database(database_server.administration_url, WEBAPP_DB_POOL_MAX_SIZE="1")
    wrapper.settings_dict["OPTIONS"] |= {"prepare_threshold": 0, "server_side_binding": True}
    for _ in range(3):
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT %s::int", [1])
            assert cursor.fetchone() == (1,)
        end_request(wrapper)


def test_a_failed_reset_replaces_the_connection(database_server, open_database, administrator):
    wrapper = open_database(database_server.administration_url, WEBAPP_DB_POOL_MAX_SIZE="1")
    before = backend_pid(wrapper)
    run(wrapper, "SET app.tenant = 'a'")
    administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    end_request(wrapper)

    assert backend_pid(wrapper) != before


def test_a_proxy_connection_with_session_state_is_replaced(database_server, open_database):
    for strategy in ("pool", "persistent"):
        wrapper = open_database(
            database_server.administration_url, WEBAPP_DB_STRATEGY=strategy, changes={"ROUTE": "proxy"}
        )
        before = backend_pid(wrapper)
        run(wrapper, "SET app.tenant = 'a'")
        end_request(wrapper)

        assert backend_pid(wrapper) != before


@pytest.fixture
def pooled(database_server, open_database):
    """A wrapper with a pool of one connection."""
    return open_database(database_server.administration_url, WEBAPP_DB_POOL_MAX_SIZE="1")


def test_a_connection_whose_client_gave_up_stays_in_the_pool(pooled):
    before = backend_pid(pooled)
    run(pooled, "SET app.tenant = 'a'")
    end_request(pooled)
    # psycopg assigns a connection to a waiting client, and takes it back from a client that gave up.
    connection = ConnectionPool.getconn(pooled.pool)
    assert connection.session.is_resetting
    pooled.pool._return_connection(connection, from_getconn=True)

    assert not run(pooled, "SELECT current_setting('app.tenant', true)")
    assert backend_pid(pooled) == before


def test_a_statement_prepared_after_a_reset_is_kept(pooled):
    pooled.settings_dict["OPTIONS"] |= {"prepare_threshold": 0, "server_side_binding": True}
    for _ in range(2):
        with pooled.cursor() as cursor:
            cursor.execute("SELECT %s::int", [1])
        end_request(pooled)
    pooled.ensure_connection()
    pooled.connection.prepare_threshold = None
    run(pooled, "PREPARE q AS SELECT 7")

    assert run(pooled, "EXECUTE q") == 7


def test_a_reset_session_gets_its_role_and_time_zone_again(database_server, open_database):
    wrapper = open_database(
        database_server.administration_url,
        WEBAPP_DB_POOL_MAX_SIZE="1",
        changes={"TIME_ZONE": "Asia/Tokyo"},
    )
    wrapper.settings_dict["OPTIONS"]["assume_role"] = "pg_monitor"
    for _ in range(3):
        assert run(wrapper, "SELECT current_user || ' ' || current_setting('TimeZone')") == "pg_monitor Asia/Tokyo"
        run(wrapper, "RESET ROLE")
        run(wrapper, "SET TIME ZONE 'UTC'")
        end_request(wrapper)
