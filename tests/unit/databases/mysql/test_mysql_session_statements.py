"""Statements of MySQL that may leave state in their session."""

import pytest

from django_runtimes.databases.mysql.session_statements import may_leave_state

PLAIN = [
    "SELECT `t`.`id`, COUNT(*) AS `__count` FROM `t` WHERE `t`.`name` = 'ann@example.org; -- SET' GROUP BY 1",
    "INSERT INTO `t` (`id`, `name`) VALUES (1, 'it\\'s GET_LOCK(1)'), (2, 'b') RETURNING `t`.`id`",
    "UPDATE `t` SET `n` = COALESCE(`n`, 0) + 1 WHERE `id` IN (SELECT U0.`id` FROM `u` U0)",
    "DELETE FROM `t` WHERE EXISTS(SELECT 1 AS `a` FROM `u`)",
    "(SELECT 1) UNION (SELECT 2)",
    "SAVEPOINT `s1`",
    "RELEASE SAVEPOINT `s1`",
    "SHOW TABLES",
    "INSERT IGNORE INTO `shop`.`t` (`id`, `name`) VALUES (1, LOWER('A'))",
    "SELECT `t` . `id` FROM `t` WHERE (`t`.`id` IN (1, 2) AND NOT (`t`.`name` IS NULL))",
]
TOUCHING = [
    "SET NAMES latin1",
    "SET SESSION sql_mode = ''",
    "SELECT @a := 1",
    "SELECT GET_LOCK('migrations', 0)",
    "SELECT LAST_INSERT_ID(7)",
    "SELECT shop.next_number()",
    "SELECT `get_lock`('migrations', 0)",
    "SELECT `get_lock` ('migrations', 0)",
    "SELECT \"get_lock\"('migrations', 0)",
    "SELECT `shop`.`next_number`(1)",
    "SELECT `shop`.lower(1)",
    "SELECT shop . lower(1)",
    "SELECT 1lower(1)",
    "SELECT \u00a3lower(1)",
    "INSERT INTO `t` (`id`) VALUES (`next_number`())",
    "INSERT INTO `t` (`id`) SELECT `next_number` ()",
    "SELECT NEXT VALUE FOR numbers",
    "SELECT next\nvalue for `numbers`",
    "SELECT /*! @a := */ 1",
    "SELECT 1; SET @a = 1",
    "CREATE TEMPORARY TABLE t (id int)",
    "USE other",
    "LOCK TABLES t READ",
    "PREPARE s FROM 'SELECT 1'",
    "CALL renumber()",
    "SELECT 1 INTO @a",
    "WITH q AS (SELECT 1) SELECT * FROM q",
    "",
]


@pytest.mark.parametrize("sql", PLAIN)
def test_djangos_statements_leave_nothing(sql):
    assert not may_leave_state(sql)


@pytest.mark.parametrize("sql", TOUCHING)
def test_other_statements_may_leave_state(sql):
    assert may_leave_state(sql)
