"""A server named by the user is used if it is suitable, and otherwise refused in one line."""

import socket

import psycopg
import pytest
from psycopg import sql

from django_runtimes.cli import ports
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services import external_postgres
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.compare.services.postgres import EmbeddedPostgres

SECRET = "s3cret-w0rd"


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres() as server, psycopg.connect(server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE reader LOGIN PASSWORD {}").format(sql.Literal(SECRET)))
        yield server


def _refusal(url):
    with pytest.raises(CompareError) as caught, ExternalPostgres(url):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


def test_a_suitable_server_is_described(server):
    with ExternalPostgres(server.url("postgres")) as external:
        assert external.role == "webapp"
        assert external.version == server.version
        assert external.maintenance_database == "postgres"
        assert external.administration_url == server.url("postgres")
        assert external.settings == server.settings


def test_a_role_without_createdb_is_refused_with_the_remedy(server):
    message = _refusal(f"postgresql://reader:{SECRET}@127.0.0.1:{server.port}/postgres")

    assert message == (
        "the role 'reader' of --database-url may not create databases, and every target gets its own; "
        "run ALTER ROLE reader CREATEDB as an administrator"
    )


def test_a_wrong_password_is_not_shown(server):
    message = _refusal(f"postgresql://webapp:{SECRET}@127.0.0.1:{server.port}/postgres")

    assert "password authentication failed" in message


def test_a_database_that_does_not_exist_is_named(server):
    message = _refusal(f"postgresql://reader:{SECRET}@127.0.0.1:{server.port}/nowhere")

    assert 'database "nowhere" does not exist' in message


def test_a_port_where_nothing_listens_is_named():
    port = ports.free_port()

    message = _refusal(f"postgresql://webapp:{SECRET}@127.0.0.1:{port}/postgres")

    assert str(port) in message
    assert message.endswith("; check the URL and that the server is reachable from here")


def test_a_server_that_never_answers_times_out(monkeypatch):
    monkeypatch.setattr(external_postgres, "_CONNECT_TIMEOUT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        message = _refusal(f"postgresql://webapp:{SECRET}@127.0.0.1:{port}/postgres")

    assert "timeout" in message
