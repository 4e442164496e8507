"""A database behind the stand-in for the Data API, and boto3's client for it."""

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.compare.services.data_api.data_api_client import DataApiClient

DATABASE = "data_api_stand_in"


@pytest.fixture(scope="session")
def data_api_database(database_server):
    create_database(database_server, DATABASE)
    yield DATABASE
    drop_database(database_server, DATABASE)


@pytest.fixture(scope="session")
def client(data_api, data_api_database):
    return DataApiClient(data_api, data_api_database)
