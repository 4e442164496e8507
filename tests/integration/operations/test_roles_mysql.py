"""`webapp create_web_role` and `webapp set_role_timeouts` on a real MariaDB."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.mariadb import execute, own_database

pytestmark = pytest.mark.profile_free


@pytest.fixture
def run(mariadb_server):
    """Runs a command with a login for operations on a new database; the web role is `clerk`."""
    with own_database(mariadb_server) as name:

        def run(*arguments: str, login: str = "administrator", **variables: str) -> subprocess.CompletedProcess[str]:
            operations = urlsplit(mariadb_server.url(name, role=login))
            environ = {
                "WEBAPP_RUNTIME": "local",
                "WEBAPP_DB_ENGINE": "mysql",
                "WEBAPP_DB_HOST": "127.0.0.1",
                "WEBAPP_DB_PORT": str(mariadb_server.port),
                "WEBAPP_DB_NAME": name,
                "WEBAPP_DB_USER": "clerk",
                "WEBAPP_DB_PASSWORD": "quill",
                "WEBAPP_DB_OPERATIONS_USER": login,
                "WEBAPP_DB_OPERATIONS_PASSWORD": str(operations.password),
                **variables,
            }
            return subprocess.run(
                [sys.executable, "-m", "webapp", *arguments], env=environ, capture_output=True, text=True, check=False
            )

        yield run
        execute(mariadb_server.administration_url, "DROP USER IF EXISTS clerk")


def test_a_role_and_its_timeout(run):
    created = run("create_web_role")
    assert (created.stdout, created.stderr, created.returncode) == (
        "role clerk is created\nrole clerk may read and write rows of tables that administrator creates\n",
        "",
        0,
    )

    limited = run("set_role_timeouts")

    assert limited.stdout == (
        "max_statement_time of role clerk is 8 s, was not set\n"
        "Open connections keep their timeouts; new ones get these.\n"
    )


def test_a_login_without_the_right_is_told_so(run):
    refused = run("set_role_timeouts", login="webapp")

    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "CommandError: 'webapp' may not read the timeouts of role 'clerk': SELECT command "
    )
    assert "Traceback" not in refused.stderr


def test_tokens_need_rds(run):
    refused = run("create_web_role", WEBAPP_DB_CREDENTIALS="iam", AWS_REGION="eu-west-1")

    assert refused.stderr == (
        "CommandError: the server has no plugin AWSAuthenticationPlugin; WEBAPP_DB_CREDENTIALS=iam needs a server on "
        "RDS\n"
    )
