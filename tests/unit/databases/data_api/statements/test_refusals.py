import pytest

from django_runtimes.databases.data_api.statements.refusals import (
    COPY,
    CURSOR,
    EXPLAIN_XML,
    LISTEN,
    LOCK,
    PREPARED,
    SEQUENCE,
    SESSION_LOCK,
    SETTING,
    TEMPORARY,
    TRANSACTION,
    refusals_of,
)

ALWAYS = [
    ("LISTEN news", LISTEN),
    ("UNLISTEN *", LISTEN),
    ("COPY t FROM STDIN", COPY),
    ("copy (SELECT 1) to stdout", COPY),
    ("BEGIN", TRANSACTION),
    ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", TRANSACTION),
    ("COMMIT", TRANSACTION),
    ("END", TRANSACTION),
    ("ROLLBACK WORK", TRANSACTION),
    ("ABORT", TRANSACTION),
    ("SELECT 1; COMMIT", TRANSACTION),
    ("SET statement_timeout = 0", SETTING),
    ("SET SESSION search_path = a", SETTING),
    ("SET ROLE web", SETTING),
    ("RESET ALL", SETTING),
    ("DISCARD TEMP", SETTING),
    ("LOAD 'auto_explain'", SETTING),
    ("/* c */ -- d\n SET x = 1", SETTING),
    ("SELECT set_config('a', 'b', false)", SETTING),
    ("SELECT pg_catalog.set_config('a', lower('B'), $1)", SETTING),
    ("PREPARE p AS SELECT 1", PREPARED),
    ("EXPLAIN ANALYZE EXECUTE p", PREPARED),
    ("CREATE TABLE t AS EXECUTE p", PREPARED),
    ("SELECT pg_advisory_lock(1)", SESSION_LOCK),
    ("SELECT a FROM t WHERE pg_try_advisory_lock_shared (1, 2)", SESSION_LOCK),
    ("SELECT pg_advisory_unlock_all()", SESSION_LOCK),
    ("EXPLAIN (ANALYZE, FORMAT XML) SELECT 1", EXPLAIN_XML),
    ("explain (format xml) select 1", EXPLAIN_XML),
]
OUTSIDE_A_TRANSACTION = [
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", CURSOR),
    ("FETCH 2 FROM c", CURSOR),
    ("MOVE c", CURSOR),
    ("CLOSE c", CURSOR),
    ("LOCK TABLE t IN SHARE MODE", LOCK),
    ("CREATE TEMP TABLE t (a int)", TEMPORARY),
    ("SELECT 1 AS a INTO TEMPORARY t", TEMPORARY),
    ("CREATE VIEW pg_temp.v AS SELECT 1", TEMPORARY),
    ("SELECT currval('s')", SEQUENCE),
    ("SELECT lastval()", SEQUENCE),
]
ACCEPTED = [
    "",
    "SELECT 1",
    "SELECT 'LISTEN a; SET x = 1'",
    "SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t",
    "UPDATE t SET copy = 1 WHERE listen = 2",
    "INSERT INTO t (a) VALUES ('; COMMIT') RETURNING id",
    "SELECT nextval('s'), setval('s', 5)",
    "SELECT set_config('a', 'b', true)",
    "SET LOCAL lock_timeout = '1s'",
    "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SELECT set_config('a', %s, %s), set_config('b', %s, %(local)s)",
    "SELECT attempt, template INTO real FROM t",
    'SAVEPOINT "s1"',
    'RELEASE SAVEPOINT "s1"',
    'ROLLBACK TO SAVEPOINT "s1"',
    "ROLLBACK WORK TO s1",
    "PREPARE TRANSACTION 'two phases'",
    "COMMIT PREPARED 'two phases'",
    "NOTIFY news, 'x'",
    "SELECT pg_notify('a', 'b'), pg_advisory_xact_lock(1)",
    "SELECT app.pg_advisory_lock(1)",
    "EXPLAIN (FORMAT JSON) SELECT 1",
    "EXPLAIN SELECT xml FROM format",
    "CREATE TABLE temp (a int)",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(1); END $$",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT set_config('a', 'b', false); SELECT 1; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END; SELECT 1",
    "CREATE FUNCTION f() RETURNS text RETURN set_config('a', 'b', false)",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; SELECT 1)",
    "SELECT 'a' LIKE 'b' ESCAPE'\\', '; SET x = 1; '",
    "ALTER ROLE web SET statement_timeout = '8s'",
]


@pytest.mark.parametrize("is_in_transaction", [False, True])
@pytest.mark.parametrize(("sql", "refusal"), ALWAYS, ids=[sql for sql, _ in ALWAYS])
def test_it_refuses_what_needs_a_session(sql, refusal, is_in_transaction):
    assert refusals_of(sql, is_in_transaction=is_in_transaction) == (refusal,)


@pytest.mark.parametrize(("sql", "refusal"), OUTSIDE_A_TRANSACTION, ids=[sql for sql, _ in OUTSIDE_A_TRANSACTION])
def test_it_refuses_state_of_a_session_outside_a_transaction(sql, refusal):
    assert refusals_of(sql, is_in_transaction=False) == (refusal,)
    assert refusals_of(sql, is_in_transaction=True) == ()


@pytest.mark.parametrize("sql", ACCEPTED)
def test_it_accepts_statements_without_state(sql):
    assert refusals_of(sql, is_in_transaction=False) == ()


def test_each_statement_of_a_text_is_examined():
    text = "SELECT 1; LISTEN a; CREATE TEMP TABLE t (a int)"

    assert refusals_of(text, is_in_transaction=False) == (LISTEN, TEMPORARY)
