"""The statements of MySQL and MariaDB that pin RDS Proxy."""

import pytest

from django_runtimes.pinning.mysql.mysql_rules import (
    HANDLER,
    LAST_RESULT,
    NAMED_LOCK,
    TABLE_LOCK,
    TEMPORARY_TABLE,
    VARIABLE,
    mysql_pinning_rules,
)
from django_runtimes.pinning.rules import PREPARED, SIZE, Statement


def rules_of(text):
    return mysql_pinning_rules(Statement(text, len(text)))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SET SESSION max_statement_time = 8", VARIABLE),
        ("SET @@session.max_execution_time=8000", VARIABLE),
        ("SET sql_mode = '', foreign_key_checks = 0", VARIABLE),
        ("set @row := 1", VARIABLE),
        ("SELECT @row := @row + 1 FROM t", VARIABLE),
        ("SELECT id INTO @first FROM t", VARIABLE),
        ("SET STATEMENT max_statement_time = 1 FOR SELECT 1", VARIABLE),
        ("LOCK TABLES t WRITE", TABLE_LOCK),
        ("lock table t read", TABLE_LOCK),
        ("FLUSH TABLES WITH READ LOCK", TABLE_LOCK),
        ("SELECT GET_LOCK('x', 1)", NAMED_LOCK),
        ("DO release_lock ('x')", NAMED_LOCK),
        ("CREATE TEMPORARY TABLE t (id int)", TEMPORARY_TABLE),
        ("CREATE OR REPLACE TEMPORARY TABLE t (id int)", TEMPORARY_TABLE),
        ("/* a */ CREATE TEMPORARY TABLE t (id int)", TEMPORARY_TABLE),
        ("SELECT FOUND_ROWS()", LAST_RESULT),
        ("SELECT last_insert_id()", LAST_RESULT),
        ("PREPARE s FROM 'SELECT 1'", PREPARED),
        ("EXECUTE s", PREPARED),
        ("HANDLER t OPEN", HANDLER),
        ("SELECT 1; LOCK TABLES t READ", TABLE_LOCK),
    ],
)
def test_a_statement_that_pins(text, rule):
    assert rules_of(text) == (rule,)


@pytest.mark.parametrize(
    "text",
    [
        # Django and PyMySQL send these.
        "SET NAMES utf8mb4",
        "SET AUTOCOMMIT = 0",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET TRANSACTION READ ONLY",
        "SET @@session.sql_mode = 'ANSI', time_zone = CONVERT_TZ('+00:00', 'a', 'b')",
        "SET GLOBAL max_connections = 5, @@global.wait_timeout = 3",
        "SET PASSWORD = 'x'",
        "SET CHARACTER SET utf8",
        "COMMIT",
        "SAVEPOINT s1",
        "SELECT * FROM t FOR UPDATE",
        "SELECT `get_lock` FROM t WHERE a = 'GET_LOCK(1)' -- GET_LOCK(2)\n AND b = \"it's @x := 1\"",
        "INSERT INTO t (text) VALUES ('a\\'; LOCK TABLES t READ')",
        "SELECT row_count FROM t /* FOUND_ROWS() */ # LAST_INSERT_ID()",
        "UPDATE t SET max_statement_time = 1",
        "CREATE TABLE temporary_rows (id int)",
        "",
    ],
)
def test_a_statement_that_does_not_pin(text):
    assert rules_of(text) == ()


def test_a_long_statement_pins():
    assert rules_of(f"SELECT '{'x' * 16_384}'") == (SIZE,)
