"""`webapp create_web_role` and `set_role_timeouts` on the route data_api, where secrets hold the logins."""

import os
import subprocess
import sys
from contextlib import ExitStack

import psycopg
import pytest

from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.databases.postgresql.administration.role_timeouts import RoleTimeouts, read_role_timeouts
from tests.secrets_manager import secrets_manager

pytestmark = pytest.mark.profile_free

CLERK = "arn:aws:secretsmanager:us-east-1:123456789012:secret:clerk-a1B2c3"


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    """Runs a command with clerk's login and the web role's secret, which is guest's."""
    with psycopg.connect(server.administration_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE clerk LOGIN CREATEROLE PASSWORD 'quill'")
        connection.execute("CREATE DATABASE book OWNER clerk")
    place = f"127.0.0.1:{server.port}/book"
    with secrets_manager(tmp_path_factory.mktemp("moto") / "moto.log") as secrets, ExitStack() as stack:
        guest = secrets.store({"username": "guest", "password": "hünter2"})
        logins = {CLERK: f"postgresql://clerk:quill@{place}", guest: f"postgresql://guest:h%C3%BCnter2@{place}"}
        data_api = stack.enter_context(DataApiStandIn(server, latency_ms=0, secrets=logins))
        environ = {
            "PATH": os.environ["PATH"],
            "WEBAPP_RUNTIME": "local",
            **data_api.environ("book"),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"],
            "WEBAPP_DB_SECRET_ARN": guest,
            "WEBAPP_DB_OPERATIONS_SECRET_ARN": CLERK,
        }

        def command(*arguments, **variables):
            return subprocess.run(
                [sys.executable, "-m", "webapp", *arguments],
                env=environ | variables,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        yield command


def test_the_role_is_created_from_its_secret(server, run):
    done = run("create_web_role")
    again = run("create_web_role")

    assert done.stderr == again.stderr == ""
    assert done.stdout == ("role guest is created\nrole guest may read and write rows of tables that clerk creates\n")
    assert again.stdout.startswith("role guest exists already\n")
    psycopg.connect(host="127.0.0.1", port=server.port, dbname="book", user="guest", password="hünter2").close()


def test_the_timeouts_are_stored_on_the_secrets_role(server, run):
    run("create_web_role")
    done = run("set_role_timeouts")

    assert done.stdout.startswith("statement_timeout of role guest is 8 s, was not set\n"), done.stderr
    with psycopg.connect(server.administration_url) as connection:
        assert read_role_timeouts(connection, "guest") == RoleTimeouts(8_000, 5_000)


def test_a_role_cannot_create_itself(run):
    run("create_web_role")
    refused = run("create_web_role", WEBAPP_DB_OPERATIONS_SECRET_ARN="")

    assert refused.returncode == 1
    assert refused.stderr == (
        "CommandError: 'guest' is logged in and cannot create itself; set WEBAPP_DB_OPERATIONS_USER or "
        "WEBAPP_DB_OPERATIONS_SECRET_ARN to the role that administers the server\n"
    )
