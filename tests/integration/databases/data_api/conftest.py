"""A database of the session's PostgreSQL behind the stand-in for the Data API, and the engine on it."""

import pytest
from django.db.utils import ConnectionHandler

from django_runtimes.aws.https_pool import Patience
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.databases.data_api.service import rds_data

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
    # A transaction that is not rolled back in time would keep its locks for minutes.
    monkeypatch.setattr(rds_data, "_HASTE", Patience(connect_s=60.0, read_s=60.0, attempts=1))

    def connect(stand_in, endpoint=None, **entry):
        # The stand-in may stand still for some seconds while it accepts a connection.
        patience = {"WEBAPP_DB_CONNECT_TIMEOUT_S": "60"}
        endpoints = {"AWS_ENDPOINT_URL_RDS_DATA": endpoint or stand_in.url}
        for name, value in {**stand_in.access_key, **endpoints, **patience}.items():
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
