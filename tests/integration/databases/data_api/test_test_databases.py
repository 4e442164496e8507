"""Test databases are created, copied and dropped although the service keeps sessions to them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from psycopg import NotSupportedError


def databases(cursor):
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_data_api_engine%' ORDER BY 1")
    return [name for (name,) in cursor.fetchall()]


def test_a_test_database_is_copied_and_dropped(connect, data_api, cursor):
    connection = connect(data_api)
    creation = connection.creation
    own = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = creation._create_test_db(verbosity=0, autoclobber=True)
    connection.cursor().execute("CREATE TABLE copied (id int)")

    creation._clone_test_db("2", verbosity=0)
    creation._clone_test_db("2", verbosity=0)

    assert databases(cursor) == ["test_data_api_engine", "test_data_api_engine_2"]
    other = connect(data_api, NAME="test_data_api_engine_2")
    other.cursor().execute("SELECT * FROM copied")
    for name in databases(cursor):
        creation._destroy_test_db(name, verbosity=0)
    connection.close()
    connection.settings_dict["NAME"] = own
    assert databases(cursor) == []


def test_dbshell_is_refused_with_the_way_round(connection):
    with pytest.raises(CommandError, match="psql cannot connect through the Data API; use the query editor"):
        connection.client.runshell([])


def test_an_option_that_the_service_cannot_honour_is_refused(connect, data_api):
    connection = connect(data_api, OPTIONS={"cluster_arn": "a", "secret_arn": "b", "pool": True})

    with pytest.raises(ImproperlyConfigured, match=r"OPTIONS.* has pool, which the Data API cannot honour"):
        connection.ensure_connection()


def test_parts_of_psycopg_that_need_a_connection_are_refused(connection):
    connection.ensure_connection()

    assert not hasattr(connection.connection, "pgconn")
    with pytest.raises(NotSupportedError, match="psycopg's notifies does not exist; use the direct route"):
        connection.connection.notifies()
    with pytest.raises(NotSupportedError, match="has no COPY; use bulk_create"):
        connection.cursor().cursor.copy("COPY t TO STDOUT")
