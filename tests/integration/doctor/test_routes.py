"""`webapp doctor` with proxies, TLS and logins that fail."""

import os

import pytest
import trustme

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.doctor.examination import REQUIRED, TIMEOUTS, available, doctor, findings

pytestmark = pytest.mark.profile_free


def test_a_server_at_the_proxys_address_is_wrong(database_server, database):
    server = parse_database_url(database_server.url(database))
    examined = doctor(
        "database",
        "budget",
        "--json",
        **REQUIRED | {"WEBAPP_RUNTIME": "aws_lambda"},
        DATABASE_URL=database_server.url(database),
        WEBAPP_DB_PROXY_HOST=server.host,
        WEBAPP_DB_PROXY_PORT=str(server.port),
        WEBAPP_DB_PROXY_MAX_CONNECTIONS="20",
    )

    text = "the server itself answers instead of a proxy, so nothing limits the connections"
    assert ("wrong", f"web login, proxy route: {text}") in findings(examined, "database")
    assert [level for level, _ in findings(examined, "budget")] == ["wrong", "ok", "ok"]
    assert examined.returncode == 1


@pytest.mark.needs("pgbouncer")
def test_every_configured_route_is_examined(database_server, database, alter):
    alter(**dict.fromkeys(TIMEOUTS, "8s"))
    with PgBouncer(database_server) as proxy:
        examined = doctor(
            "--json",
            **REQUIRED | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_INSTANCES_MAX": "20"},
            DATABASE_URL=database_server.url(database),
            WEBAPP_DB_PROXY_HOST=proxy.host,
            WEBAPP_DB_PROXY_PORT=str(proxy.port),
            WEBAPP_DB_PROXY_MAX_CONNECTIONS="20",
        )

    assert examined.returncode == 0, examined.stdout
    texts = [text for level, text in findings(examined, "database")]
    assert [text for text in texts if f":{proxy.port} as" in text] == [
        f"web login, proxy route: PostgreSQL {database_server.version} at {proxy.host}:{proxy.port} "
        f"as {database_server.role}"
    ]
    assert [text for _, text in findings(examined, "budget")] == [
        "the proxy: 20 connections may be needed at once, 20 are available",
        f"the server: 27 connections may be needed at once, {available(database_server)} are available",
    ]


def test_an_unused_impossible_route_gets_a_warning(database_server, database):
    url = f"{database_server.url(database)}?options=-csearch_path%3Dpublic"

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=url, WEBAPP_DB_PROXY_HOST="127.0.0.1")

    *_, (level, text) = findings(examined, "database")
    assert level == "warning"
    assert text.startswith("web login, proxy route: DATABASE_URL has the option 'options', which RDS Proxy refuses")


class EncryptedPgBouncer(PgBouncer):
    """Offers TLS with a certificate for localhost; `root` is the path of its authority's certificate."""

    def _configure(self, directory, account):
        databases = super()._configure(directory, account)
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        files = {
            "client_tls_key_file": certificate.private_key_pem,
            "client_tls_cert_file": certificate.cert_chain_pems[0],
        }
        for name, pem in files.items():
            path = directory / f"{name}.pem"
            pem.write_to_path(path)
            if account is not None:
                os.chown(path, account.pw_uid, account.pw_gid)
            self.settings[name] = str(path)
        self.settings["client_tls_sslmode"] = "allow"
        self.root = directory / "root.pem"
        authority.cert_pem.write_to_path(self.root)
        return databases


@pytest.mark.needs("pgbouncer")
def test_the_encryption_in_use_is_reported(database_server, database):
    with EncryptedPgBouncer(database_server) as proxy:
        by_name = proxy.url(database).replace("127.0.0.1", "localhost")

        def encryption(url: str, **variables: str) -> tuple[str, str]:
            examined = doctor("database", "--json", **REQUIRED, **variables, DATABASE_URL=url)
            # The first finding names the server, or the reason why it was not reached.
            return findings(examined, "database")[:2][-1]

        root = {"WEBAPP_DB_ROOT_CERTIFICATES": str(proxy.root)}
        verified = encryption(by_name, WEBAPP_DB_SSLMODE="verify-full", **root)
        unverified = encryption(by_name, WEBAPP_DB_SSLMODE="require")
        plain = encryption(by_name, WEBAPP_DB_SSLMODE="disable")
        by_another_name = encryption(proxy.url(database), WEBAPP_DB_SSLMODE="verify-full", **root)
        by_unknown_authority = encryption(by_name, WEBAPP_DB_SSLMODE="verify-full")

    route = "web login, direct route:"
    assert verified == ("ok", f"{route} encrypted, sslmode=verify-full")
    assert unverified == ("warning", f"{route} encrypted, but sslmode=require accepts any server")
    assert plain == ("ok", f"{route} not encrypted, but the connection stays on this machine")
    assert by_another_name[0] == by_unknown_authority[0] == "wrong"
    assert 'does not match host name "127.0.0.1"' in by_another_name[1]
    assert "certificate verify failed" in by_unknown_authority[1]


@pytest.mark.needs("pgbouncer")
def test_a_proxy_at_the_servers_address_is_wrong(database_server, database):
    with PgBouncer(database_server) as proxy:
        examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=proxy.url(database))

    assert ("wrong", "web login, direct route: a proxy answers, which makes the lock of `webapp migrate` unreliable") \
        in findings(examined, "database")  # fmt: skip


def test_the_operations_login_is_tried(database_server, database):
    examined = doctor(
        "database",
        "--json",
        **REQUIRED,
        DATABASE_URL=database_server.url(database),
        WEBAPP_DB_OPERATIONS_USER="migrator",
        WEBAPP_DB_OPERATIONS_PASSWORD="hunter2-secret",
    )

    (operations,) = [text for level, text in findings(examined, "database") if text.startswith("operations login")]
    assert 'authentication failed for user "migrator"' in operations
    assert "hunter2" not in examined.stdout + examined.stderr


def test_missing_aws_credentials_are_wrong():
    examined = doctor(
        "database",
        **REQUIRED,
        DATABASE_URL="postgresql://app@db.internal/app",
        WEBAPP_DB_CREDENTIALS="iam",
        AWS_REGION="eu-central-1",
        AWS_EC2_METADATA_DISABLED="true",
    )

    assert examined.returncode == 1
    assert "give this process an AWS role or access keys" in examined.stdout


def test_a_wrong_password_is_reported_and_not_shown(database_server, database):
    address = parse_database_url(database_server.url(database))
    url = f"postgresql://{address.user}:hunter2-secret@{address.host}:{address.port}/{database}"

    for form in ((), ("--json",)):
        examined = doctor(*form, **REQUIRED, DATABASE_URL=url)

        assert examined.returncode == 1
        assert "password authentication failed" in " ".join(examined.stdout.split())
        assert "check the login" in examined.stdout
        assert "hunter2" not in examined.stdout + examined.stderr
