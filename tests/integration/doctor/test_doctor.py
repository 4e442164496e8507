"""`webapp doctor` beside real servers."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
import pytest
import trustme
from psycopg import sql

from webapp.compare.services.databases import create_database, drop_database
from webapp.compare.services.pgbouncer import PgBouncer
from webapp.compare.services.postgres import PostgresServer
from webapp.config.database_url import parse_database_url

pytestmark = pytest.mark.profile_free

REQUIRED = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_SECRET_KEY": "only-for-the-tests-" + "0123456789" * 5,
    "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
    "WEBAPP_INSTANCES_MAX": "1",
    "WEBAPP_WORKERS": "2",
}
UNREACHABLE = "postgresql://app:hunter2@127.0.0.1:1/app"
TIMEOUTS = ("statement_timeout", "idle_in_transaction_session_timeout")


def doctor(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "webapp", "doctor", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def findings(examined: subprocess.CompletedProcess, section: str) -> list[tuple[str, str]]:
    """The levels and texts of one section of the JSON."""
    sections = {part["name"]: part["findings"] for part in json.loads(examined.stdout)["sections"]}
    return [(finding["level"], finding["text"]) for finding in sections[section]]


def available(server: PostgresServer) -> int:
    """The connections that the server leaves to others than administrators."""
    return int(server.settings["max_connections"]) - int(server.settings["superuser_reserved_connections"])


@pytest.fixture
def database(database_server):
    """The name of an empty database."""
    name = f"webapp_doctor_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        yield name


@pytest.fixture
def alter(database_server, database) -> Callable[..., None]:
    """Changes settings of the web role, in that database only."""

    def change(**settings: str) -> None:
        with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
            for name, value in settings.items():
                connection.execute(
                    sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(database_server.role),
                        sql.Identifier(database),
                        sql.Identifier(name),
                        sql.Literal(value),
                    )
                )

    return change


def test_without_any_variable_it_says_what_is_missing():
    examined = doctor()

    assert examined.returncode == 78
    assert examined.stderr == ""
    assert "local, since no runtime is declared and no marker is set" in examined.stdout
    assert "no database is configured; set DATABASE_URL" in examined.stdout


def test_every_missing_variable_is_named_at_once():
    examined = doctor("settings", "--json", WEBAPP_RUNTIME="aws_ecs", WEBAPP_DB_ROUT="direct")

    texts = [text for _, text in findings(examined, "settings")]
    assert [text.partition(";")[0] for text in texts] == [
        "WEBAPP_SECRET_KEY is not set",
        "WEBAPP_ALLOWED_HOSTS is not set",
        "no database is configured",
        "WEBAPP_DB_ROUT is set, and nothing reads it",
    ]
    assert examined.returncode == 78


def test_a_settings_module_that_does_not_exist_is_unreadable():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, DJANGO_SETTINGS_MODULE="shop.setings")

    assert findings(examined, "settings") == [
        (
            "unreadable",
            "Django's settings or applications do not load: ModuleNotFoundError: No module named 'shop'",
        )
    ]
    assert examined.returncode == 78


def test_contradictions_come_from_djangos_system_checks():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_THREADS="9")

    assert findings(examined, "settings") == [
        ("ok", "Django's settings load"),
        ("warning", "webapp.W013: 9 threads share a pool of 8 connections, so that 1 of them may wait for one."),
    ]
    assert examined.returncode == 0


def test_variables_without_effect_are_warned_about():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_HOST="db.internal")

    assert findings(examined, "settings")[1:] == [
        ("warning", "webapp.W014: WEBAPP_DB_HOST is set and has no effect: DATABASE_URL is used.")
    ]
    assert examined.returncode == 0


def test_an_operations_password_without_its_user_is_unreadable_offline_too():
    examined = doctor("--offline", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_OPERATIONS_PASSWORD="0wner")

    assert examined.returncode == 78
    assert "WEBAPP_DB_OPERATIONS_PASSWORD is set and no user for it" in " ".join(examined.stdout.split())


def test_a_pool_that_the_settings_module_enlarges_is_counted(tmp_path):
    (tmp_path / "larger.py").write_text(
        "from webapp.settings import *\nDATABASES['default']['OPTIONS']['pool']['max_size'] = 60\n"
    )
    described = REQUIRED | {"DATABASE_URL": UNREACHABLE, "WEBAPP_DB_MAX_CONNECTIONS": "100"}

    examined = doctor(
        "budget", "--offline", "--json", **described, PYTHONPATH=str(tmp_path), DJANGO_SETTINGS_MODULE="larger"
    )

    assert findings(examined, "budget") == [
        ("wrong", "the server: 247 connections may be needed at once, 97 are available")
    ]


def test_the_settings_of_operations_say_nothing_of_the_web():
    described = REQUIRED | {"DATABASE_URL": UNREACHABLE, "WEBAPP_DB_MAX_CONNECTIONS": "100"}

    examined = doctor("budget", "--offline", "--json", **described, WEBAPP_DB_ROLE="operations")

    assert findings(examined, "budget") == [
        ("ok", "the server: 39 connections may be needed at once, 97 are available")
    ]


def test_a_limit_of_the_database_counts_operations(database_server, database):
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 32").format(sql.Identifier(database)))

    examined = doctor("budget", "--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    assert ("wrong", f"database {database}: 34 connections may be needed at once, 32 are available") in findings(
        examined, "budget"
    )
    assert examined.returncode == 1


def test_a_server_in_the_proxys_place_is_wrong(database_server, database):
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

    text = "no proxy answers but the server itself, so that nothing holds the connections down"
    assert ("wrong", f"web login, proxy route: {text}") in findings(examined, "database")
    assert [level for level, _ in findings(examined, "budget")] == ["wrong", "ok", "ok"]
    assert examined.returncode == 1


def test_all_is_well(database_server, database, alter):
    alter(**dict.fromkeys(TIMEOUTS, "8s"))

    examined = doctor(**REQUIRED, DATABASE_URL=database_server.url(database))

    assert examined.returncode == 0, examined.stdout
    assert examined.stderr == ""
    assert examined.stdout.splitlines()[-1] == "findings: 6 ok, 1 skipped"
    assert max(map(len, examined.stdout.splitlines())) <= 80
    assert f"    = available                       {available(database_server)}\n" in examined.stdout


def test_the_json_says_the_same(database_server, database):
    examined = doctor("--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    answer = json.loads(examined.stdout)
    assert list(answer) == ["schema", "exit_code", "sections"]
    assert (answer["schema"], answer["exit_code"]) == (1, examined.returncode)
    assert [section["name"] for section in answer["sections"]] == ["runtime", "settings", "database", "budget", "aws"]
    assert {key for section in answer["sections"] for finding in section["findings"] for key in finding} == {
        "level", "text", "remedy", "rows",
    }  # fmt: skip


def test_missing_timeouts_of_the_web_role_are_wrong(database_server, database, alter):
    alter(statement_timeout="8s")

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    assert (
        "wrong",
        f"web login, direct route: the role {database_server.role} has no idle_in_transaction_session_timeout",
    ) in findings(examined, "database")
    assert examined.returncode == 1


def test_a_superuser_as_the_web_role_is_warned_about(database_server):
    url = database_server.administration_url

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=url)

    assert (
        "warning",
        f"web login, direct route: {parse_database_url(url).user} administers the server, so that one injected "
        "statement may do anything",
    ) in findings(examined, "database")


@pytest.mark.parametrize(("variables", "warned"), [({}, False), ({"PGTZ": "Europe/Berlin"}, True)])
def test_a_time_zone_that_django_would_set_is_warned_about(database_server, database, alter, variables, warned):
    alter(timezone="Asia/Tokyo")

    examined = doctor("database", "--json", **REQUIRED, **variables, DATABASE_URL=database_server.url(database))

    zones = [text for level, text in findings(examined, "database") if "time zone" in text]
    assert len(zones) == warned
    assert all("is Europe/Berlin, so that Django sets UTC" in text for text in zones)


def test_a_budget_that_does_not_hold_exits_1(database_server, database):
    slots = available(database_server)

    examined = doctor(
        "budget",
        "--json",
        **REQUIRED,
        DATABASE_URL=database_server.url(database),
        WEBAPP_DB_RESERVED_CONNECTIONS=str(slots),
    )

    assert examined.returncode == 1
    assert findings(examined, "budget") == [
        ("wrong", f"the server: {34 + slots} connections may be needed at once, {slots} are available")
    ]


def test_an_unreachable_server_is_wrong_and_proves_nothing():
    examined = doctor("database", "budget", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE)

    ((level, text),) = findings(examined, "database")
    assert level == "wrong"
    assert text.startswith("web login, direct route: ")
    assert "Connection refused" in text
    assert findings(examined, "budget") == [
        ("wrong", "the server: not proven to have enough connections; unknown: max_connections")
    ]
    assert examined.returncode == 1


def test_a_server_that_cannot_be_asked_may_be_described():
    examined = doctor(
        "database", "budget", "--offline", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_MAX_CONNECTIONS="100"
    )

    assert examined.returncode == 0
    assert "39 connections may be needed at once, 97 are available" in examined.stdout


def test_a_wrong_password_is_wrong_and_is_not_shown(database_server, database):
    address = parse_database_url(database_server.url(database))
    url = f"postgresql://{address.user}:hunter2-secret@{address.host}:{address.port}/{database}"

    for form in ((), ("--json",)):
        examined = doctor(*form, **REQUIRED, DATABASE_URL=url)

        assert examined.returncode == 1
        assert "password authentication failed" in " ".join(examined.stdout.split())
        assert "check the login" in examined.stdout
        assert "hunter2" not in examined.stdout + examined.stderr


@pytest.mark.needs("pgbouncer")
def test_every_configured_route_is_asked(database_server, database, alter):
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


def test_a_route_that_is_not_taken_may_be_impossible(database_server, database):
    url = f"{database_server.url(database)}?options=-csearch_path%3Dpublic"

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=url, WEBAPP_DB_PROXY_HOST="127.0.0.1")

    *_, (level, text) = findings(examined, "database")
    assert level == "warning"
    assert text.startswith("web login, proxy route: DATABASE_URL has the option 'options', which RDS Proxy refuses")


class EncryptedPgBouncer(PgBouncer):
    """Offers TLS, with a certificate for localhost by an authority of its own, which is in `root`."""

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
def test_encryption_is_reported_as_it_came_about(database_server, database):
    with EncryptedPgBouncer(database_server) as proxy:
        by_name = proxy.url(database).replace("127.0.0.1", "localhost")

        def encryption(url: str, **variables: str) -> tuple[str, str]:
            examined = doctor("database", "--json", **REQUIRED, **variables, DATABASE_URL=url)
            # Who was reached comes first, or why nobody was.
            return findings(examined, "database")[:2][-1]

        root = {"WEBAPP_DB_ROOT_CERTIFICATES": str(proxy.root)}
        verified = encryption(by_name, WEBAPP_DB_SSLMODE="verify-full", **root)
        unverified = encryption(by_name, WEBAPP_DB_SSLMODE="require")
        plain = encryption(by_name, WEBAPP_DB_SSLMODE="disable")
        by_another_name = encryption(proxy.url(database), WEBAPP_DB_SSLMODE="verify-full", **root)
        of_a_stranger = encryption(by_name, WEBAPP_DB_SSLMODE="verify-full")

    route = "web login, direct route:"
    assert verified == ("ok", f"{route} encrypted, sslmode=verify-full")
    assert unverified == ("warning", f"{route} encrypted, but sslmode=require takes anybody for the server")
    assert plain == ("ok", f"{route} not encrypted, and it does not leave the machine")
    assert by_another_name[0] == of_a_stranger[0] == "wrong"
    assert 'does not match host name "127.0.0.1"' in by_another_name[1]
    assert "certificate verify failed" in of_a_stranger[1]


@pytest.mark.needs("pgbouncer")
def test_a_proxy_in_the_servers_place_is_wrong(database_server, database):
    with PgBouncer(database_server) as proxy:
        examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=proxy.url(database))

    assert ("wrong", "web login, direct route: a proxy answers, on which the lock of `webapp migrate` does not hold") \
        in findings(examined, "database")  # fmt: skip


def test_the_operations_login_is_asked_too(database_server, database):
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


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://app:in@hunter2@127.0.0.1/app", "DATABASE_URL has a bare @ or / in its user or password; write"),
        ("postgresql://app:x@127.0.0.1/app?sslmode=bogus", "DATABASE_URL has sslmode='bogus', which is none; choose"),
    ],
)
def test_a_malformed_url_is_unreadable_and_its_password_is_not_shown(url, text):
    examined = doctor("--json", **REQUIRED, DATABASE_URL=url)

    assert examined.returncode == 78
    ((level, mistake),) = findings(examined, "settings")
    assert level == "unreadable"
    assert mistake.startswith(text)
    assert "hunter2" not in examined.stdout + examined.stderr


def test_a_login_that_cannot_be_had_is_wrong():
    examined = doctor(
        "database",
        **REQUIRED,
        DATABASE_URL="postgresql://app@db.internal/app",
        WEBAPP_DB_CREDENTIALS="iam",
        AWS_REGION="eu-central-1",
        AWS_EC2_METADATA_DISABLED="true",
    )

    assert examined.returncode == 1
    assert "give this process a role of AWS's, or keys" in examined.stdout


@pytest.mark.parametrize("arguments", [("dattabase",), ("--colour",)])
def test_bad_arguments_are_one_line(arguments):
    examined = doctor(*arguments)

    assert examined.returncode == 2
    assert len(examined.stderr.splitlines()) == 1
