"""Roles that are created and changed through the Data API, which has no connection of libpq."""

from functools import partial

import psycopg
import pytest
from django.db.utils import ConnectionHandler
from psycopg import sql

from django_runtimes.config.secret import Secret
from django_runtimes.databases.data_api.data_api_engine import DATA_API
from django_runtimes.databases.interface.operations_session import open_session

pytestmark = pytest.mark.profile_free


@pytest.fixture
def roles(database_server, data_api, django_db_blocker, monkeypatch):
    """The server's roles; the role `rider` exists until the test ends."""
    for name, value in data_api.environ("postgres").items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    entry = {
        "ENGINE": "django_runtimes.databases.data_api",
        "NAME": database_server.maintenance_database,
        "OPTIONS": {"cluster_arn": data_api.cluster_arn, "secret_arn": data_api.secret_arn},
    }
    with (
        django_db_blocker.unblock(),
        psycopg.connect(database_server.administration_url, autocommit=True) as administrator,
    ):
        login = sql.Identifier(database_server.role)
        administrator.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(login))
        yield DATA_API.roles(partial(open_session, ConnectionHandler({"default": {}, "cluster": entry})["cluster"]))
        administrator.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(login))
        administrator.execute("DROP ROLE IF EXISTS rider")


def test_a_new_role_logs_in_with_its_password(roles, database_server):
    assert not roles.has_role("rider")
    roles.create_role("rider")
    roles.set_password("rider", Secret("saddle"))

    assert roles.has_role("rider")
    assert not roles.takes_tokens("rider")
    with psycopg.connect(database_server.administration_url, user="rider", password="saddle") as rider:
        assert rider.info.user == "rider"


def test_a_roles_timeouts_are_stored(roles):
    roles.create_role("rider")
    wanted = roles.named_timeouts(statement_timeout_ms=8_000, idle_in_transaction_timeout_ms=5_000)
    roles.write_timeouts("rider", wanted)

    assert roles.read_timeouts("rider") == {"statement_timeout": 8_000, "idle_in_transaction_session_timeout": 5_000}
