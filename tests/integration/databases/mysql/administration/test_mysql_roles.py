"""The users that an operation creates and changes on MariaDB."""

import pymysql
import pytest
from django.core.management.base import CommandError

from django_runtimes.config.secret import Secret
from django_runtimes.databases.mysql.administration.mysql_roles import MysqlRoles
from tests.mariadb import execute, session

pytestmark = pytest.mark.profile_free


@pytest.fixture
def roles(mariadb_server, database):
    """The users, seen by an administrator who is logged in to a new database."""
    with session(mariadb_server.url(database, role="administrator")) as administrator:
        yield MysqlRoles(administrator)
        for user in ("guest", "o'neil"):
            execute(mariadb_server.administration_url, "DROP USER IF EXISTS %s@'%%'", [user])


def log_in(server, database, password, user="guest"):
    return pymysql.connect(
        host="127.0.0.1", port=server.port, user=user, password=password, database=database, autocommit=True
    )


def test_the_role_may_change_rows_but_not_tables(roles, mariadb_server, database):
    roles.create_role("guest")
    roles.set_password("guest", Secret("p'a\"s\\s%"))

    assert roles.allow_rows("guest") == []

    execute(mariadb_server.url(database), "CREATE TABLE later (id int PRIMARY KEY)")
    with log_in(mariadb_server, database, "p'a\"s\\s%") as guest, guest.cursor() as cursor:
        for table in ("entry", "later"):
            cursor.execute(f"INSERT INTO {table} VALUES (7)")
            cursor.execute(f"UPDATE {table} SET id = 8 WHERE id = 7")
            assert cursor.execute(f"DELETE FROM {table} WHERE id = 8") == 1
        for statement in (
            "DROP TABLE entry",
            "ALTER TABLE entry ADD x int",
            "TRUNCATE entry",
            "CREATE TABLE x (id int)",
        ):
            with pytest.raises(pymysql.err.OperationalError, match="command denied"):
                cursor.execute(statement)


def test_a_new_role_has_no_empty_password(roles, mariadb_server, database):
    roles.create_role("guest")

    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        log_in(mariadb_server, database, "")


def test_rows_of_a_database_with_a_similar_name_stay_closed(roles, mariadb_server, database):
    # GRANT reads _ as any character.
    similar = database.replace("_", "x", 1)
    execute(mariadb_server.administration_url, f"CREATE DATABASE {similar}")
    roles.create_role("guest")
    roles.set_password("guest", Secret("hunter2"))
    roles.allow_rows("guest")

    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        log_in(mariadb_server, similar, "hunter2")
    execute(mariadb_server.administration_url, f"DROP DATABASE {similar}")


def test_a_role_with_a_quote_in_its_name(roles):
    assert not roles.has_role("o'neil")

    roles.create_role("o'neil")

    assert roles.has_role("o'neil")
    assert not roles.takes_tokens("o'neil")


def test_the_logged_in_role_is_named_without_its_host(roles, database):
    assert (roles.current(), roles.database()) == ("administrator", database)


def test_tokens_need_a_server_on_rds(roles):
    roles.create_role("guest")

    with pytest.raises(LookupError, match="the server has no plugin AWSAuthenticationPlugin"):
        roles.allow_tokens("guest")


def test_a_missing_privilege_is_told_from_other_errors(mariadb_server, database):
    with session(mariadb_server.url(database)) as webapp:
        roles = MysqlRoles(webapp)
        with pytest.raises(pymysql.err.Error) as caught:
            roles.create_role("guest")

        assert "CREATE USER" in roles.refusal(caught.value)
        assert roles.refusal(pymysql.err.OperationalError(1396, "Operation CREATE USER failed")) is None


def test_mariadb_stores_the_limit_of_statements_with_the_user(roles, mariadb_server, database):
    roles.create_role("guest")
    roles.set_password("guest", Secret("hunter2"))
    roles.allow_rows("guest")
    wanted = roles.named_timeouts(statement_timeout_ms=1500, idle_in_transaction_timeout_ms=5000)
    assert roles.read_timeouts("guest") == {"max_statement_time": None}

    roles.write_timeouts("guest", wanted)

    assert roles.read_timeouts("guest") == wanted == {"max_statement_time": 1500}
    with log_in(mariadb_server, database, "hunter2") as guest, guest.cursor() as cursor:
        with pytest.raises(pymysql.err.OperationalError, match="max_statement_time exceeded"):
            cursor.execute("SELECT SLEEP(10) FROM entry")
        # A migration removes the limit for its session.
        cursor.execute("SET SESSION max_statement_time = 0")
        cursor.execute("SELECT SLEEP(2) FROM entry")
        assert cursor.fetchall() == ((0,),)


def test_a_role_that_does_not_exist_has_no_timeouts(roles):
    with pytest.raises(LookupError, match="role 'nobody' does not exist with the host '%'"):
        roles.read_timeouts("nobody")


def test_mysql_stores_no_timeouts(roles, monkeypatch):
    monkeypatch.setattr(pymysql.connections.Connection, "get_server_info", lambda self: "8.0.40")

    with pytest.raises(CommandError, match="set its initialization query to SET max_execution_time = 8000, innodb_"):
        roles.named_timeouts(statement_timeout_ms=8000, idle_in_transaction_timeout_ms=5000)
