"""Creates and drops the targets' databases on a real server."""

import psycopg
import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres() as server:
        yield server


def test_the_role_owns_its_database(server):
    create_database(server, "owned")

    with psycopg.connect(server.url("owned")) as connection:
        connection.execute("CREATE TABLE entry (message text)")


def test_a_copy_has_the_templates_rows(server):
    create_database(server, "original")
    with psycopg.connect(server.url("original")) as connection:
        connection.execute("CREATE TABLE entry AS SELECT 'hello' AS message")

    create_database(server, "copy", template="original")

    with psycopg.connect(server.url("copy")) as connection:
        assert connection.execute("SELECT message FROM entry").fetchone() == ("hello",)


def test_an_existing_name_is_refused_in_one_line(server):
    create_database(server, "twice")

    with pytest.raises(CompareError, match=r'^cannot create the database \'twice\': database "twice" already exists;'):
        create_database(server, "twice")


def test_a_database_with_open_connections_is_dropped(server):
    create_database(server, "busy")
    held = psycopg.connect(server.url("busy"))

    drop_database(server, "busy")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(server.url("busy"))
    held.close()


def test_dropping_a_missing_database_is_not_an_error(server):
    drop_database(server, "never")


def test_a_name_is_never_read_as_sql(server):
    name = 'x"; DROP DATABASE "postgres'

    create_database(server, name)
    drop_database(server, name)
