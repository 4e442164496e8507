"""`webapp migrate` and `webapp create_web_role` on Oracle and SQL Server, as far as they need no server."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.profile_free

URLS = pytest.mark.parametrize(
    ("url", "product"),
    [("oracle://app:secret@127.0.0.1:%s/ORCL", "Oracle"), ("mssql://app:secret@127.0.0.1:%s/shop", "SQL Server")],
)


def run(url: str, port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "WEBAPP_RUNTIME": "local",
        "DATABASE_URL": url % port,
        # SQL Server's driver tries a closed port again until this has passed.
        "WEBAPP_DB_CONNECT_TIMEOUT_S": "2",
    }
    return subprocess.run(
        [sys.executable, "-m", "webapp", *arguments], env=environ, capture_output=True, text=True, check=False
    )


@URLS
def test_migrate_needs_the_word_that_nothing_locks(url: str, product: str, unused_tcp_port: int):
    refused = run(url, unused_tcp_port, "migrate")
    unlocked = run(url, unused_tcp_port, "migrate", "--without-lock")

    assert refused.returncode != 0
    assert f"migrate has no lock for {product}; run it with --without-lock, one process at a time" in refused.stderr
    assert unlocked.returncode != 0
    assert f"{product} has no lock for migrate" in unlocked.stderr
    assert "CommandError: the database does not answer: " in unlocked.stderr
    assert "Traceback" not in refused.stderr + unlocked.stderr


@URLS
def test_the_owner_of_the_tables_needs_an_administrator(url: str, product: str, unused_tcp_port: int):
    refused = run(url, unused_tcp_port, "create_web_role")

    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: 'app' cannot log in: ")
    # The reason may be that the server cannot be reached.
    assert {"Oracle": "Connection refused", "SQL Server": "HYT00"}[product] in refused.stderr
    assert refused.stderr.endswith(
        "; if it does not exist yet, set WEBAPP_DB_ADMINISTRATOR_SECRET_ARN to the secret of the login that "
        f"administers {product}, or create it by hand (`webapp docs oracle-sql-server`)\n"
    )
