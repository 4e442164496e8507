"""`webapp` on the route data_api: migrate makes the database of the direct route, and the other commands work."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.prerequisites import require_program
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

ENDPOINT = "AWS_ENDPOINT_URL_RDS_DATA"
NOTHING = "http://127.0.0.1:1"
# pg_dump protects its output with a random key.
_RANDOM = re.compile(r"^\\(?:un)?restrict \w+$", re.MULTILINE)


def webapp(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "webapp", *arguments],
        env={"PATH": os.environ["PATH"], "WEBAPP_RUNTIME": "local", "WEBAPP_SECRET_KEY": SECRET_KEY} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def dump(server, name):
    program = Path(getattr(server, "installation", "/"), "bin/pg_dump")
    if not program.exists():
        require_program("pg_dump")
        program = Path("pg_dump")
    process = subprocess.run(
        [str(program), "--dbname", server.url(name)], capture_output=True, text=True, check=False, timeout=300
    )
    assert process.returncode == 0, process.stderr
    # The time at which each migration was applied.
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00", "NOW", _RANDOM.sub("", process.stdout))


@pytest.fixture(scope="module")
def databases(database_server, data_api):
    """Two databases that `webapp migrate` has made, with its output: on the direct route and through the service."""
    names = [f"webapp_schema_{secrets.token_hex(4)}" for _ in range(2)]
    for name in names:
        create_database(database_server, name)
    direct, through_service = names
    on_direct = webapp("migrate", DATABASE_URL=database_server.url(direct))
    on_data_api = webapp("migrate", **data_api.environ(through_service))
    assert on_data_api.returncode == on_direct.returncode == 0, on_data_api.stderr + on_direct.stderr
    assert on_data_api.stdout == on_direct.stdout
    yield names
    for name in names:
        drop_database(database_server, name)


@pytest.fixture
def on_data_api(data_api, databases):
    def run(*arguments, **variables):
        return webapp(*arguments, **data_api.environ(databases[1]), **variables)

    return run


def test_migrate_makes_the_same_database_as_on_the_direct_route(database_server, databases):
    direct, through_service = (dump(database_server, name) for name in databases)

    assert "CREATE TABLE public.guestbook_entry" in direct
    assert through_service == direct


def test_createsuperuser_refuses_a_name_that_is_taken(database_server, databases, on_data_api):
    account = {f"DJANGO_SUPERUSER_{name}": f"{name.lower()}@example.com" for name in ("USERNAME", "EMAIL", "PASSWORD")}

    first, second = (on_data_api("createsuperuser", "--noinput", **account) for _ in range(2))

    assert (first.returncode, first.stdout) == (0, "Superuser created successfully.\n")
    assert second.stderr == "CommandError: Error: That username is already taken.\n"
    with psycopg.connect(database_server.url(databases[1])) as connection:
        assert connection.execute("SELECT username FROM accounts_user").fetchall() == [("username@example.com",)]


def test_checks_of_the_database_pass(on_data_api):
    checked = on_data_api("check", "--database", "default")

    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_dbshell_is_refused_with_the_way_round(on_data_api):
    refused = on_data_api("dbshell")

    assert refused.returncode == 1
    assert refused.stderr == (
        "CommandError: psql cannot connect through the Data API; use the query editor of the RDS console, or "
        "`aws rds-data execute-statement`\n"
    )


def test_readiness_asks_the_service(on_data_api):
    source = "from django_runtimes.databases.readiness import *; check_database(); close_database()"

    ready = on_data_api("shell", "--verbosity", "0", "-c", source)
    unready = on_data_api(
        "shell", "--verbosity", "0", "-c", f"import os; os.environ['{ENDPOINT}'] = '{NOTHING}'; {source}"
    )

    assert (ready.returncode, ready.stderr) == (0, "")
    assert "OperationalError: 127.0.0.1:1 does not answer" in unready.stderr
