"""The MariaDB server of the system's package: its roles, settings, ports and cleanup."""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.mariadb import MariadbServer, greeted_version
from django_runtimes.compare.services.run_directory import run_directory
from tests.integration.compare.process_tree import Script, descendants, remaining

_CALLER = """
import json, time
from django_runtimes.compare.services.mariadb import MariadbServer

with MariadbServer() as server:
    print(json.dumps({"directory": str(server.directory)}), flush=True)
    time.sleep(600)
"""


def ask(url, statement):
    """Return the rows of a statement, or the client's error, as text."""
    parts = urlsplit(url)
    login = [f"--host={parts.hostname}", f"--port={parts.port}", f"--user={parts.username}"]
    answer = subprocess.run(
        ["mariadb", "--no-defaults", *login, parts.path.lstrip("/"), "--skip-column-names", "--execute", statement],
        env={"PATH": "/usr/bin:/bin", "MYSQL_PWD": parts.password},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stderr or answer.stdout


def test_the_role_may_create_databases_and_no_more(mariadb_server):
    url = mariadb_server.url(mariadb_server.maintenance_database)

    assert ask(url, "CREATE DATABASE webapp_own; DROP DATABASE webapp_own; SELECT CURRENT_USER()") == "webapp@%\n"
    assert "Access denied" in ask(url, "CREATE USER other")
    assert "denied" in ask(url, "SELECT * FROM mysql.global_priv")
    assert "Access denied" in ask(url, "SET GLOBAL max_connections = 1")


def test_the_administrator_logs_in_as_another_role(mariadb_server):
    assert ask(mariadb_server.administration_url, "SELECT CURRENT_USER()") == "administrator@%\n"


@pytest.mark.parametrize("role", ["webapp", "administrator", "root"])
def test_a_wrong_password_is_refused(mariadb_server, role):
    answer = ask(f"mariadb://{role}:wrong@127.0.0.1:{mariadb_server.port}/mysql", "SELECT 1")

    assert "Access denied" in answer


def test_the_server_sorts_and_counts_as_debians_does(mariadb_server):
    values = "SELECT @@character_set_server, @@collation_server, @@time_zone, @@innodb_flush_log_at_trx_commit"

    assert ask(mariadb_server.administration_url, values) == "utf8mb4\tutf8mb4_general_ci\t+00:00\t1\n"


def test_the_version_is_the_servers_own(mariadb_server):
    assert ask(mariadb_server.administration_url, "SELECT VERSION()") == f"{mariadb_server.version}\n"


def test_another_listener_sends_no_greeting(database_server):
    port = urlsplit(database_server.url("postgres")).port

    with pytest.raises(OSError, match=r"timed out|no greeting"):
        greeted_version(port)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(processes, "find_program", lambda name: None)

    with (
        pytest.raises(CompareError, match=r"mariadb-install-db is not installed; install the package mariadb-server "),
        MariadbServer(),
    ):
        pass


@pytest.mark.needs("mariadbd")
def test_a_mistaken_option_is_reported_in_one_line_with_its_cause():
    with pytest.raises(CompareError) as caught, MariadbServer(options={"no_such_option": "1"}):
        pass

    message = str(caught.value)
    assert "\n" not in message
    assert "unknown variable 'no_such_option=1'" in message


@pytest.mark.needs("setpriv")
@pytest.mark.needs("mariadbd")
@pytest.mark.usefixtures("own_temporary")
def test_nothing_remains_of_a_killed_caller():
    with Script(_CALLER) as caller:
        directory = Path(json.loads(caller.line())["directory"])
        started = descendants(caller.process.pid)
        assert started

        caller.kill()

        assert remaining(started) == set()
    assert directory.exists()

    with run_directory(processes.server_account()):
        assert not directory.exists()
