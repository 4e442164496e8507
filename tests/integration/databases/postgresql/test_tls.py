"""Encrypted connections to PostgreSQL and PgBouncer, and the certificates that they accept."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trustme
from django.db.utils import OperationalError

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.credentials.provider import provider_of
from tests.integration.databases.postgresql.conftest import backend_pid
from tests.integration.databases.postgresql.tls_server import TlsServer, tls_server
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with tls_server() as running:
        yield running


def encrypted(wrapper) -> bool:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        (ssl,) = cursor.fetchone()
    return ssl


@pytest.mark.parametrize("strategy", ["per_request", "persistent", "pool"])
def test_a_server_with_a_valid_certificate_is_accepted(server, open_database, strategy):
    wrapper = open_database(server.url(), WEBAPP_DB_STRATEGY=strategy, WEBAPP_DB_SSLMODE="verify-full")

    assert encrypted(wrapper)
    assert wrapper.settings_dict["OPTIONS"]["sslmode"] == "verify-full"


def test_the_authorities_in_the_variable_are_trusted(server, open_database):
    url = server.url().partition("&sslrootcert")[0]
    wrapper = open_database(
        url,
        WEBAPP_DB_STRATEGY="per_request",
        WEBAPP_DB_SSLMODE="verify-full",
        WEBAPP_DB_ROOT_CERTIFICATES=str(server.root),
    )

    assert encrypted(wrapper)


def test_a_certificate_for_another_name_is_refused(server, open_database):
    wrapper = open_database(
        server.url("other.example"), WEBAPP_DB_STRATEGY="per_request", WEBAPP_DB_SSLMODE="verify-full"
    )

    with pytest.raises(OperationalError, match=r'"db.example".*does not match host name "other.example"'):
        backend_pid(wrapper)


def test_a_certificate_of_an_unknown_authority_is_refused(server, open_database):
    wrapper = open_database(
        server.url(sslrootcert=str(server.other_root)),
        WEBAPP_DB_STRATEGY="per_request",
        WEBAPP_DB_SSLMODE="verify-full",
    )

    with pytest.raises(OperationalError, match="certificate verify failed"):
        backend_pid(wrapper)


def test_the_packaged_authorities_do_not_cover_other_servers(server, open_database):
    url = server.url().partition("&sslrootcert")[0]
    wrapper = open_database(url, WEBAPP_DB_STRATEGY="per_request", WEBAPP_DB_SSLMODE="verify-full")

    with pytest.raises(OperationalError, match="certificate verify failed"):
        backend_pid(wrapper)


def test_a_token_logs_in(server, open_database, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "s3ss10n" * 60)
    wrapper = open_database(
        server.url(login="token"),
        WEBAPP_DB_SSLMODE="verify-full",
        WEBAPP_DB_CREDENTIALS="iam",
        AWS_REGION="eu-west-1",
    )
    token = provider_of(wrapper.settings_dict).login().password
    with psycopg.connect(server.url(sslmode="require"), autocommit=True) as administrator:
        administrator.execute(psycopg.sql.SQL("CREATE ROLE token LOGIN PASSWORD {}").format(str(token)))

    assert token.startswith(f"db.example:{server.port}/?Action=connect&DBUser=token")
    assert encrypted(wrapper)


class TlsPgBouncer(PgBouncer):
    """A PgBouncer that accepts encrypted connections only, with a certificate for `localhost`."""

    def _configure(self, directory: Path, account) -> str:
        databases = super()._configure(directory, account)
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        self.root = directory / "root.pem"
        key, chain = directory / "proxy.key", directory / "proxy.crt"
        authority.cert_pem.write_to_path(self.root)
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(chain)
        if account is not None:
            for path in (key, chain):
                os.chown(path, account.pw_uid, account.pw_gid)
        self.settings |= {
            "client_tls_sslmode": "require",
            "client_tls_key_file": str(key),
            "client_tls_cert_file": str(chain),
        }
        return databases


@pytest.fixture(scope="module")
def proxy(database_server) -> Iterator[TlsPgBouncer]:
    with TlsPgBouncer(database_server) as running:
        yield running


def open_through(proxy, database_server, open_database, host: str = "localhost", **environ: str):
    return open_database(
        database_server.url("postgres"),
        runtime=Runtime.AWS_LAMBDA,
        WEBAPP_DB_PROXY_HOST=host,
        WEBAPP_DB_PROXY_PORT=str(proxy.port),
        WEBAPP_DB_SSLMODE="verify-full",
        **environ,
    )


@pytest.mark.needs("pgbouncer")
def test_a_proxy_with_a_valid_certificate_is_accepted(proxy, database_server, open_database):
    wrapper = open_through(proxy, database_server, open_database, WEBAPP_DB_PROXY_ROOT_CERTIFICATES=str(proxy.root))

    assert backend_pid(wrapper)
    assert wrapper.connection.pgconn.ssl_in_use


@pytest.mark.needs("pgbouncer")
def test_a_proxy_with_the_wrong_name_or_authority_is_refused(proxy, database_server, open_database):
    by_number = open_through(
        proxy, database_server, open_database, "127.0.0.1", WEBAPP_DB_PROXY_ROOT_CERTIFICATES=str(proxy.root)
    )
    with pytest.raises(OperationalError, match=r"certificate .*does not match host name"):
        backend_pid(by_number)

    by_amazon = open_through(proxy, database_server, open_database)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        backend_pid(by_amazon)


@pytest.mark.needs("pgbouncer")
def test_a_login_that_a_proxy_refuses_is_read_again(proxy, database_server, open_database, secrets):
    good = parse_database_url(database_server.url("postgres"))
    arn = secrets.store({"username": good.user, "password": "stale"})
    wrapper = open_through(
        proxy,
        database_server,
        open_database,
        WEBAPP_DB_PROXY_ROOT_CERTIFICATES=str(proxy.root),
        WEBAPP_DB_CREDENTIALS="secretsmanager",
        WEBAPP_DB_SECRET_ARN=arn,
    )
    assert wrapper.get_connection_params()["password"] == "stale"
    time.sleep(1.05)
    secrets.replace(arn, {"username": good.user, "password": str(good.password)})

    assert backend_pid(wrapper)


def test_a_missing_root_certificate_file_is_reported_in_one_line(server):
    process = subprocess.run(
        [sys.executable, "-m", "webapp", "check"],
        env={
            "PATH": os.environ["PATH"],
            "WEBAPP_RUNTIME": Runtime.AWS_ECS,
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
            "DATABASE_URL": server.url(sslrootcert="/no/where.pem"),
            "WEBAPP_DB_SSLMODE": "verify-full",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert process.returncode == 78
    assert process.stderr.startswith("webapp: '/no/where.pem', the file of authorities")
    assert process.stderr.count("\n") == 1
