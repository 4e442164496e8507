"""A database of the session's PostgreSQL behind the stand-in for the Data API, and the engine on it."""

import pytest
from django.db.utils import ConnectionHandler

from django_runtimes.compare.services.database_creation import create_database, drop_database

DATABASE = "data_api_engine"


@pytest.fixture(scope="session")
def engine_database(database_server):
    create_database(database_server, DATABASE)
    yield DATABASE
    drop_database(database_server, DATABASE)


@pytest.fixture(autouse=True)
def _database_access(django_db_blocker):
    # These tests use a database of their own.
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def connect(monkeypatch, engine_database):
    """Return a function that opens a connection of Django through a stand-in, at another endpoint if one is given."""
    opened = []

    def connect(stand_in, endpoint=None, **entry):
        for name, value in {**stand_in.access_key, "AWS_ENDPOINT_URL_RDS_DATA": endpoint or stand_in.url}.items():
            monkeypatch.setenv(name, value)
        options = {"cluster_arn": stand_in.cluster_arn, "secret_arn": stand_in.secret_arn}
        engine = {"ENGINE": "django_runtimes.databases.data_api", "NAME": engine_database, "OPTIONS": options}
        opened.append(ConnectionHandler({"default": {**engine, **entry}})["default"])
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(connect, data_api):
    return connect(data_api)


@pytest.fixture
def cursor(connection):
    with connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def table(connection, cursor):
    cursor.execute("CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY, text text UNIQUE, day date)")
    yield "notes"
    connection.rollback()
    connection.set_autocommit(True)
    cursor.execute("DROP TABLE notes")
