"""`webapp set_role_timeouts` on a real server, by the role itself and by an administrator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.databases.postgresql.administration.role_timeouts import RoleTimeouts, read_role_timeouts
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

_DONE = """\
statement_timeout of role webapp is 8 s, was not set
idle_in_transaction_session_timeout of role webapp is 5 s, was not set
Open connections keep their timeouts; new ones get these.
"""


@pytest.fixture
def administrator(server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.administration_url, autocommit=True) as connection:
        yield connection
        connection.execute("ALTER ROLE webapp RESET ALL")
        connection.execute("ALTER ROLE webapp IN DATABASE postgres RESET ALL")


def set_role_timeouts(server, *arguments, **variables) -> subprocess.CompletedProcess:
    """Run the command in a process, with the web login unless the variables say otherwise."""
    environ = {
        "PATH": os.environ["PATH"],
        "WEBAPP_RUNTIME": "local",
        "DATABASE_URL": server.url("postgres"),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "webapp", "set_role_timeouts", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "name",
    ["WEBAPP_DB_STATEMENT_TIMEOUT_S", "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S", "WEBAPP_DB_LOCK_TIMEOUT_S"],
)
def test_a_timeout_over_postgresqls_maximum_is_refused_in_one_line(server, name):
    done = set_role_timeouts(server, **{name: "2147484"})

    assert done.returncode == 78
    assert f"{name}='2147484' is not a whole number from " in done.stderr
    assert " to 2147483; " in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_role_may_set_its_own_timeouts(server, administrator):
    done = set_role_timeouts(server)

    assert (done.stdout, done.stderr, done.returncode) == (_DONE, "", 0)
    assert read_role_timeouts(administrator, "webapp") == RoleTimeouts(8_000, 5_000)
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("8s",)


def test_a_second_run_changes_nothing(server, administrator):
    set_role_timeouts(server)

    again = set_role_timeouts(server)

    assert again.stdout == (
        "statement_timeout of role webapp is already 8 s\n"
        "idle_in_transaction_session_timeout of role webapp is already 5 s\n"
    )


def test_former_timeouts_are_reported_and_replaced(server, administrator):
    administrator.execute("ALTER ROLE webapp SET statement_timeout = '2min'")
    administrator.execute("ALTER ROLE webapp SET idle_in_transaction_session_timeout = 0")

    done = set_role_timeouts(server, WEBAPP_DB_STATEMENT_TIMEOUT_S="20")

    assert "statement_timeout of role webapp is 20 s, was 120 s\n" in done.stdout
    assert "idle_in_transaction_session_timeout of role webapp is 5 s, was 0 (no limit)\n" in done.stdout
    assert read_role_timeouts(administrator, "webapp") == RoleTimeouts(20_000, 5_000)


def test_a_dry_run_changes_nothing(server, administrator):
    done = set_role_timeouts(server, "--dry-run")

    assert "statement_timeout of role webapp would be 8 s, was not set\n" in done.stdout
    assert read_role_timeouts(administrator, "webapp") == RoleTimeouts(None, None)


def test_the_operations_login_sets_timeouts_on_the_direct_route(server, administrator):
    # As in Lambda's template, the web's route is a proxy; here nothing listens at its address.
    password = administrator.info.password
    done = set_role_timeouts(
        server,
        WEBAPP_RUNTIME="aws_lambda",
        WEBAPP_SECRET_KEY=SECRET_KEY,
        WEBAPP_ALLOWED_HOSTS="guestbook.example",
        WEBAPP_DB_PROXY_HOST="127.0.0.1",
        WEBAPP_DB_PROXY_PORT="1",
        WEBAPP_DB_OPERATIONS_USER="postgres",
        WEBAPP_DB_OPERATIONS_PASSWORD=password,
    )

    assert (done.stdout, done.returncode) == (_DONE, 0)
    assert password not in done.stderr


def test_a_missing_permission_names_the_grant(server, administrator):
    administrator.execute("CREATE ROLE clerk LOGIN PASSWORD 'quill'")
    try:
        done = set_role_timeouts(server, WEBAPP_DB_OPERATIONS_USER="clerk", WEBAPP_DB_OPERATIONS_PASSWORD="quill")
    finally:
        administrator.execute("DROP ROLE clerk")

    assert done.returncode == 1
    assert done.stderr == (
        "CommandError: 'clerk' may not alter role 'webapp'; give 'clerk' CREATEROLE and, since PostgreSQL 16, "
        "GRANT webapp TO clerk WITH ADMIN OPTION; or log in as 'webapp', which may set its own timeouts\n"
    )


def test_the_grant_that_the_error_names_is_enough(server, administrator):
    administrator.execute("CREATE ROLE clerk LOGIN CREATEROLE PASSWORD 'quill'")
    administrator.execute("GRANT webapp TO clerk WITH ADMIN OPTION")
    try:
        done = set_role_timeouts(server, WEBAPP_DB_OPERATIONS_USER="clerk", WEBAPP_DB_OPERATIONS_PASSWORD="quill")
    finally:
        administrator.execute("DROP ROLE clerk")

    assert (done.stdout, done.returncode) == (_DONE, 0)


def test_an_unknown_role_is_named(server, administrator):
    done = set_role_timeouts(server, "--role", "nobody_here")

    assert done.returncode == 1
    assert done.stderr == "CommandError: role 'nobody_here' does not exist; name the application's role with --role\n"


def test_a_timeout_for_one_database_is_kept_and_reported(server, administrator):
    administrator.execute("ALTER ROLE webapp IN DATABASE postgres SET statement_timeout = '1h'")

    done = set_role_timeouts(server)

    assert done.returncode == 1
    assert "role 'webapp' has other timeouts in database 'postgres'" in done.stderr
    assert read_role_timeouts(administrator, "webapp").statement_timeout_ms == 3_600_000


def test_a_server_that_does_not_answer_is_reported_in_one_line(server):
    done = set_role_timeouts(server, DATABASE_URL="postgresql://webapp:quill@127.0.0.1:1/postgres")

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: the database does not answer: ")
    assert len(done.stderr.splitlines()) == 1
    assert "quill" not in done.stderr


@pytest.mark.needs("pgbouncer")
def test_the_timeouts_apply_through_a_proxy(server, administrator):
    set_role_timeouts(server)

    with PgBouncer(server) as proxy, psycopg.connect(proxy.url("postgres")) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("8s",)
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)


def test_a_name_that_needs_quotes_is_quoted(server, administrator):
    name = 'odd "role"; DROP ROLE webapp'
    administrator.execute(psycopg.sql.SQL("CREATE ROLE {}").format(psycopg.sql.Identifier(name)))
    try:
        done = set_role_timeouts(
            server,
            "--role",
            name,
            DATABASE_URL=f"postgresql://postgres:{quote(administrator.info.password)}@127.0.0.1:{server.port}/postgres",
        )
        assert done.returncode == 0
        assert read_role_timeouts(administrator, name) == RoleTimeouts(8_000, 5_000)
    finally:
        administrator.execute(psycopg.sql.SQL("DROP ROLE {}").format(psycopg.sql.Identifier(name)))
