import random

import pytest

from django_runtimes.pinning.rules import (
    ADVISORY_LOCK,
    CURSOR,
    DISCARD,
    LIBRARY,
    LISTEN,
    PREPARED,
    SEQUENCE,
    SETTING,
    SIZE,
    TEMPORARY,
    Statement,
    pinning_rules,
)

PINS = [
    ("SET x = 1", SETTING),
    ("set session x to 1", SETTING),
    ("SET LOCAL x = 1", SETTING),
    ("SET TIME ZONE 'UTC'", SETTING),
    ("SET ROLE other", SETTING),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", SETTING),
    ("SET CONSTRAINTS ALL IMMEDIATE", SETTING),
    ("RESET ALL", SETTING),
    ("SELECT set_config('TimeZone', 'UTC', false)", SETTING),
    ("SELECT pg_catalog.set_config('a', 'b', true)", SETTING),
    ("SELECT 1 FROM t WHERE a = (SELECT SET_CONFIG ('a', 'b', true))", SETTING),
    ("PREPARE p AS SELECT 1", PREPARED),
    ("EXECUTE p (1)", PREPARED),
    ("EXPLAIN ANALYZE EXECUTE p (1)", PREPARED),
    ("CREATE TABLE q AS EXECUTE p", PREPARED),
    ("CREATE UNLOGGED TABLE IF NOT EXISTS q (a) WITH (fillfactor = 70) AS EXECUTE p (1)", PREPARED),
    ("EXPLAIN CREATE TABLE q AS EXECUTE p", PREPARED),
    ("DEALLOCATE ALL", PREPARED),
    ("DISCARD ALL", DISCARD),
    ("CREATE TEMP TABLE t (a int)", TEMPORARY),
    ("create temporary table t as select 1", TEMPORARY),
    ("CREATE LOCAL TEMPORARY TABLE t (a int) ON COMMIT DROP", TEMPORARY),
    ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", TEMPORARY),
    ("CREATE TEMP RECURSIVE VIEW v (a) AS SELECT 1", TEMPORARY),
    ("CREATE TEMP SEQUENCE s", TEMPORARY),
    ("CREATE TABLE IF NOT EXISTS pg_temp.t (a int)", TEMPORARY),
    ('CREATE VIEW "pg_temp".v AS SELECT 1', TEMPORARY),
    ("CREATE TABLE pg_temp_3.t ()", TEMPORARY),
    ("SELECT a INTO pg_temp_12.t FROM b", TEMPORARY),
    ("SELECT a INTO TEMP t FROM b", TEMPORARY),
    ("SELECT a INTO LOCAL TEMPORARY TABLE t FROM b", TEMPORARY),
    ("SELECT a INTO pg_temp.t FROM b", TEMPORARY),
    ("WITH c AS (SELECT 1 AS a) SELECT a INTO TEMP TABLE t FROM c", TEMPORARY),
    ("EXPLAIN (ANALYZE, COSTS off) CREATE TEMP TABLE t AS SELECT 1", TEMPORARY),
    ("DECLARE c CURSOR FOR SELECT 1", CURSOR),
    ('DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR SELECT 1', CURSOR),
    ("LISTEN news", LISTEN),
    ("LOAD 'auto_explain'", LIBRARY),
    ("SELECT nextval('s')", SEQUENCE),
    ("SELECT setval(pg_get_serial_sequence('t', 'id'), 5)", SEQUENCE),
    ("SELECT currval('s')", SEQUENCE),
    ("INSERT INTO t VALUES (nextval('s'::regclass))", SEQUENCE),
    ("WITH n AS (SELECT nextval('s') AS v) SELECT v FROM n", SEQUENCE),
    ("SELECT \"nextval\"('s')", SEQUENCE),
    ("SELECT nextval /* c */ ('s')", SEQUENCE),
    ("COPY (SELECT nextval('s')) TO STDOUT", SEQUENCE),
    ("SELECT pg_advisory_lock(1)", ADVISORY_LOCK),
    ("SELECT pg_try_advisory_lock_shared(1, 2)", ADVISORY_LOCK),
    ("SELECT pg_advisory_unlock_all()", ADVISORY_LOCK),
    ("/* c */ SET x = 1", SETTING),
    ("-- c\nSET x = 1", SETTING),
    ("SELECT 1; SET x = 1", SETTING),
]

CLEAN = [
    "",
    ";",
    "SELECT 'SET x'",
    "SELECT 'a; SET x = 1'",
    "SELECT $$ nextval('s') $$",
    'SELECT "nextval" FROM t',
    'SELECT "set" FROM "listen"',
    "SELECT nextval FROM t",
    "SELECT app.nextval('s')",
    "SELECT 1 -- ; SET x = 1",
    "SELECT 1 /* ; SET x /* = */ 1; LISTEN a */",
    "SELECT E'\\'; SET x = 1'",
    "INSERT INTO t (a) VALUES (1) RETURNING id",
    "INSERT INTO temp (a) VALUES (1)",
    "INSERT INTO pg_temp.t VALUES (1)",
    "MERGE INTO temp USING a ON true WHEN MATCHED THEN DELETE",
    "UPDATE t SET a = 1",
    "UPDATE t SET temp = 1 WHERE declare = 2",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT pg_try_advisory_xact_lock_shared(1)",
    "SELECT pg_get_serial_sequence('t', 'id')",
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
    'SAVEPOINT "s1"',
    'RELEASE SAVEPOINT "s1"',
    "PREPARE TRANSACTION 'two phases'",
    "NOTIFY news, 'x'",
    "UNLISTEN *",
    "FETCH FORWARD 2 FROM c",
    'CLOSE "c"',
    "ALTER ROLE web SET statement_timeout = '8s'",
    "CREATE TABLE temp (a int)",
    "CREATE UNLOGGED TABLE t (a int)",
    "CREATE INDEX temp ON t (a)",
    "CREATE TABLE pg_temp_of_ours.t (a int)",
    "CREATE VIEW v AS SELECT a AS execute FROM t",
    "CREATE TRIGGER r AFTER INSERT ON t EXECUTE FUNCTION f()",
    "SELECT a INTO real FROM b",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT 1",
    "SELECT temp FROM t",
    "DO $$ BEGIN PERFORM set_config('a', 'b', true); END $$",
    "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT setval('s', 1); SELECT 2; END",
]

# PostgreSQL executes none of these, whatever they contain.
INERT = [
    "/* SET x; */",
    "/* /* LISTEN a */ nextval('s') */",
    "-- DISCARD ALL;\n",
    " \t\n",
]
INERT_VALUES = [
    "'; SET x = 1; '",
    "'it''s nextval('",
    r"E'\'; DECLARE c CURSOR'",
    "$$; CREATE TEMP TABLE t $$",
    "$a$ pg_advisory_lock(1) $$ ; $a$",
    '"; LISTEN ""a"" "',
    "U&'\\0041; RESET ALL'",
]


def rules_of(sql, *, named=False):
    return pinning_rules(Statement(sql, len(sql.encode()), named=named))


@pytest.mark.parametrize(("sql", "rule"), PINS, ids=[sql for sql, _ in PINS])
def test_the_rule_that_a_statement_breaks_is_named(sql, rule):
    assert rules_of(sql) == (rule,)


@pytest.mark.parametrize("sql", CLEAN)
def test_a_statement_that_does_not_pin_breaks_no_rule(sql):
    assert rules_of(sql) == ()


def test_each_rule_that_several_statements_break_is_named_once():
    assert rules_of("SET a = 1; SELECT nextval('s'); SET b = nextval('s')") == (SETTING, SEQUENCE)


def test_a_statement_prepared_under_a_name_pins():
    assert rules_of("SELECT 1", named=True) == (PREPARED,)


def test_a_statement_of_more_than_16_kilobytes_pins():
    assert pinning_rules(Statement("SELECT 1", 16 * 1024)) == ()
    assert pinning_rules(Statement("SELECT 1", 16 * 1024 + 1)) == (SIZE,)


def _with_comments(sql, chance):
    """Return the statement with comments in place of some of its blanks."""
    pieces = sql.split(" ")
    joints = [chance.choice([" ", *INERT]) for _ in pieces]
    return "".join(f"{joint} {piece}" for joint, piece in zip(joints, pieces, strict=True))


@pytest.mark.parametrize("seed", range(50))
def test_a_pin_is_found_among_comments_and_other_statements(seed):
    chance = random.Random(seed)
    without_comments = [(sql, rule) for sql, rule in PINS if "--" not in sql]
    for sql, rule in without_comments:
        neighbours = [f"SELECT {chance.choice(INERT_VALUES)}" for _ in range(3)]
        hidden = f"{neighbours[0]}; {_with_comments(sql, chance)}; {neighbours[1]} , {neighbours[2][7:]}"

        assert rule in rules_of(hidden), hidden


@pytest.mark.parametrize("seed", range(50))
def test_values_and_comments_are_not_mistaken_for_pins(seed):
    chance = random.Random(seed)
    values = ", ".join(chance.choice(INERT_VALUES) + chance.choice(INERT) for _ in range(20))

    assert rules_of(f"{chance.choice(INERT)} SELECT {values} FROM t") == ()
