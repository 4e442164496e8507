"""What the doctor asks a MariaDB server."""

import pytest

from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits
from django_runtimes.databases.mysql.mysql_engine import MYSQL
from tests.integration.databases.mysql.mysql_entries import mysql_entry_of
from tests.mariadb import execute

pytestmark = pytest.mark.profile_free

_ZONES = "the server's time zone tables are empty"


def test_a_server_reports_its_settings(mariadb_server, database):
    server = MYSQL.ask_server(mysql_entry_of(mariadb_server.url(database)))

    assert isinstance(server, ExaminedServer)
    assert (server.place, server.user) == (f"127.0.0.1:{mariadb_server.port}", "webapp")
    assert server.version == f"MariaDB {mariadb_server.version}"
    assert (server.time_zone, server.wanted_time_zone) == ("UTC", "UTC")
    assert not server.is_administrator
    # The engine sets them in each session.
    assert server.missing_timeouts == ()
    assert server.connection == ServerConnection(
        host="127.0.0.1",
        address="127.0.0.1",
        port=mariadb_server.port,
        is_proxied=False,
        is_unproxied=True,
        encrypted=False,
        sslmode="prefer",
    )
    assert server.limits == ServerLimits(max_connections=100)
    assert server.timeouts_effect == "timeouts end statements and idle transactions"
    assert [text.partition(",")[0] for text, _ in server.shortcomings] == [_ZONES]


def test_an_administrator_is_recognized(mariadb_server):
    server = MYSQL.ask_server(mysql_entry_of(mariadb_server.administration_url))

    assert isinstance(server, ExaminedServer)
    assert server.is_administrator


def test_limits_of_the_user_are_read(mariadb_server, database):
    entry = mysql_entry_of(mariadb_server.url(database))
    for option in ("statement_timeout", "idle_transaction_timeout"):
        del entry["OPTIONS"][option]
    execute(mariadb_server.administration_url, "CREATE USER limited IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 7")
    execute(mariadb_server.administration_url, f"GRANT SELECT ON {database}.* TO limited")
    try:
        without = MYSQL.ask_server({**entry, "USER": "limited", "PASSWORD": "x"})
        execute(mariadb_server.administration_url, "ALTER USER limited WITH MAX_STATEMENT_TIME 8")
        limited = MYSQL.ask_server({**entry, "USER": "limited", "PASSWORD": "x"})
    finally:
        execute(mariadb_server.administration_url, "DROP USER limited")

    assert isinstance(without, ExaminedServer)
    assert isinstance(limited, ExaminedServer)
    assert without.limits is not None
    assert without.limits.connection_limits == (ConnectionLimit("role", "limited", 7),)
    assert without.missing_timeouts == ("max_statement_time", "idle_transaction_timeout")
    assert limited.missing_timeouts == ("idle_transaction_timeout",)
    assert limited.timeouts_remedy == (
        "set the proxy's initialization query to SET max_statement_time = 8, idle_transaction_timeout = 5"
    )


@pytest.mark.parametrize(
    ("change", "text", "remedy"),
    [
        ({"PASSWORD": "wrong"}, "Access denied for user 'webapp'", "check the login: "),
        ({"NAME": "missing"}, "Unknown database 'missing'", "create it, or check WEBAPP_DB_NAME"),
        ({"PORT": 1}, "Can't connect to MySQL server on '127.0.0.1'", "check host and port"),
    ],
)
def test_a_failed_login_has_its_reason_and_a_remedy(mariadb_server, database, change, text, remedy):
    error = MYSQL.ask_server(mysql_entry_of(mariadb_server.url(database)) | change)

    assert isinstance(error, ServerError)
    assert error.text.startswith(text)
    assert error.remedy.startswith(remedy)
