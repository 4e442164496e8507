"""Creates, copies and drops the targets' databases on a MariaDB."""

import pymysql
import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.mariadb_compared import MARIADB_COMPARED
from django_runtimes.compare.engines.mariadb_databases import create_mariadb_database, drop_mariadb_database
from tests.mariadb import execute, session

pytestmark = pytest.mark.profile_free


def test_a_user_has_only_its_own_database(compared_mariadb):
    for name in ("owned", "neighbour"):
        create_mariadb_database(compared_mariadb, name)

    execute(compared_mariadb.url("owned"), "CREATE TABLE entry (message TEXT)")

    assert execute(compared_mariadb.url("owned"), "SELECT CURRENT_USER()") == [("owned@%",)]
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        execute(compared_mariadb.url("owned"), "SELECT * FROM neighbour.entry")


def test_a_copy_has_the_tables_views_triggers_and_routines(compared_mariadb):
    create_mariadb_database(compared_mariadb, "original")
    url = compared_mariadb.url("original")
    for statement in (
        "CREATE TABLE author (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT)",
        "CREATE TABLE entry (id INT AUTO_INCREMENT PRIMARY KEY, message TEXT, author_id INT NOT NULL, "
        "FOREIGN KEY (author_id) REFERENCES author (id))",
        "CREATE VIEW message AS SELECT message FROM entry",
        "CREATE FUNCTION shout(text TEXT) RETURNS TEXT DETERMINISTIC RETURN CONCAT(text, '!')",
        "INSERT INTO author (name) VALUES ('Zoë')",
        "INSERT INTO entry (message, author_id) VALUES ('hello', 1)",
        "CREATE TRIGGER loud BEFORE INSERT ON entry FOR EACH ROW SET NEW.message = shout(NEW.message)",
    ):
        execute(url, statement)

    create_mariadb_database(compared_mariadb, "copy", template="original")

    copy = compared_mariadb.url("copy")
    execute(copy, "INSERT INTO entry (message, author_id) VALUES ('hello again', 1)")
    assert execute(copy, "SELECT message FROM message ORDER BY 1") == [("hello",), ("hello again!",)]
    assert execute(copy, "SELECT name FROM author") == [("Zoë",)]
    with pytest.raises(pymysql.err.IntegrityError):
        execute(copy, "INSERT INTO entry (message, author_id) VALUES ('nobody', 2)")
    assert execute(url, "SELECT COUNT(*) FROM entry") == [(1,)]


def test_an_existing_name_is_refused_in_one_line(compared_mariadb):
    create_mariadb_database(compared_mariadb, "twice")

    with pytest.raises(CompareError) as raised:
        create_mariadb_database(compared_mariadb, "twice")

    assert str(raised.value) == (
        "cannot create the database 'twice': (1007, \"Can't create database 'twice'; database exists\"); check that "
        "the server still runs and nothing else uses that name"
    )


def test_a_missing_template_is_named(compared_mariadb):
    with pytest.raises(CompareError, match=r"^cannot copy the database 'absent' to 'from_absent': .*denied"):
        create_mariadb_database(compared_mariadb, "from_absent", template="absent")


def test_an_open_transaction_does_not_hold_up_a_drop(compared_mariadb):
    create_mariadb_database(compared_mariadb, "busy")
    url = compared_mariadb.url("busy")
    execute(url, "CREATE TABLE entry (message TEXT)")
    with session(url) as held, held.cursor() as cursor:
        held.begin()
        cursor.execute("SELECT * FROM entry")

        drop_mariadb_database(compared_mariadb, "busy")

        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT * FROM entry")
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        execute(url, "SELECT 1")


def test_dropping_a_missing_database_is_not_an_error(compared_mariadb):
    drop_mariadb_database(compared_mariadb, "never")


def test_the_keys_of_a_query(compared_mariadb):
    create_mariadb_database(compared_mariadb, "keyed")
    url = compared_mariadb.url("keyed")
    execute(url, "CREATE TABLE entry (id INT)")
    execute(url, "INSERT INTO entry VALUES (1), (2)")

    assert MARIADB_COMPARED.found_keys(url, "SELECT id FROM entry ORDER BY id") == ["1", "2"]
    with pytest.raises(CompareError, match=r"must return one column, the rows' keys$"):
        MARIADB_COMPARED.found_keys(url, "SELECT 1, 2")
    with pytest.raises(
        CompareError, match=r"keys_sql='SELECT key FROM entry' failed: .*1064.*; fix it in the workload"
    ):
        MARIADB_COMPARED.found_keys(url, "SELECT key FROM entry")


def test_a_server_of_the_user_is_refused():
    with pytest.raises(UsageError) as raised:
        MARIADB_COMPARED.open_server("mysql://team@db.example/shop")

    assert str(raised.value) == (
        "--database-url cannot name the server of targets on mysql, whose databases have users of their own; "
        "leave it out, and a MariaDB is started"
    )
