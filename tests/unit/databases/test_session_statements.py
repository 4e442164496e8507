"""Detecting statements that may leave state in their session."""

import pytest

from django_runtimes.databases.postgresql.session.statements import may_leave_state

HARMLESS = [
    "",
    "-- nothing",
    "SELECT 1",
    "select count(*), max(price) from shop_item where name in (%s, %s)",
    "SELECT pg_catalog.lower(name) FROM t",
    'SELECT "t"."id" FROM "t" WHERE ("t"."id" = 1 AND (NOT ("t"."x" IS NULL)))',
    "(SELECT 1) UNION ALL (SELECT 2)",
    "WITH a (x) AS (SELECT 1) SELECT x FROM a JOIN LATERAL (SELECT 2) b ON (true)",
    "INSERT INTO audit (who, what) VALUES (%s, now()) ON CONFLICT (who) DO UPDATE SET what = now() RETURNING id",
    "UPDATE t SET price = round(price * 1.1, 2) WHERE id = ANY (%s)",
    "DELETE FROM t USING u WHERE t.id = u.id",
    "EXPLAIN (ANALYZE, BUFFERS) SELECT 1",
    "COPY t (a, b) FROM STDIN WITH (FORMAT csv)",
    "SHOW search_path",
    "SELECT cast(x AS numeric(10, 2)), 'set_config(1)' FROM t AS u (x)",
    "SET LOCAL statement_timeout = 5",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SELECT pg_advisory_xact_lock(1)",
    "BEGIN",
    "REFRESH MATERIALIZED VIEW totals",
    "DROP INDEX i",
    "SELECT trim(both ('a') FROM ('a')), trim(leading ('a') FROM 'b')",
    "SELECT now() AT TIME ZONE ('utc')",
    "SELECT 1 FROM t JOIN LATERAL (SELECT 1) x(y) ON (true)",
    "SELECT k FROM jsonb_each('{}') j(k, v)",
    "SELECT to_regclass('t'), gcd(1, 2), regexp_count('a', 'a'), quote_nullable('a'), any_value(1)",
    "SELECT pg_snapshot_xmin(pg_current_snapshot())",
]

SUSPECT = [
    "SELECT DISTINCT ON (a) choose_tenant(7) FROM t",
    "INSERT INTO t (a) VALUES (1) RETURNING WITH (OLD AS o) choose_tenant(7)",
    "SELECT 1 OPERATOR(pg_catalog.+) choose_tenant(7)",
    "SELECT zone(7)",
    "SET search_path TO tenant_a",
    "set session app.tenant = 'a'",
    "RESET ALL",
    "SELECT set_config('app.tenant', 'a', false)",
    "SELECT pg_catalog.set_config('app.tenant', 'a', false)",
    "WITH t AS (SELECT set_config('a.b', 'c', false)) SELECT * FROM t",
    "SELECT/**/pg_advisory_lock(1)",
    'SELECT "pg_advisory_lock" (1)',
    "SELECT choose_tenant(7)",
    "SELECT public.lower(name) FROM t",
    "SELECT * FROM t JOIN choose_tenant(7) ON true",
    "INSERT INTO t VALUES (choose_tenant(7))",
    "SELECT 1 INTO TEMP scratch",
    "CREATE TEMP TABLE scratch (x int)",
    "CREATE TABLE pg_temp.scratch (x int)",
    'CREATE TABLE "pg_temp".scratch (x int)',
    'CREATE TABLE U&"pg\\005ftemp".scratch (x int)',
    "CREATE TABLE pg_temp_3.scratch (x int)",
    'CREATE FUNCTION "pg_temp".f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    "EXPLAIN ANALYZE CREATE TEMP TABLE scratch AS SELECT 1",
    "EXPLAIN ANALYZE EXECUTE q",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CALL choose()",
    "LISTEN news",
    "PREPARE q AS SELECT 1",
    "EXECUTE q",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "CREATE TABLE pg_temp.scratch (x int)",
    "CREATE TABLE t AS EXECUTE q",
    "DISCARD ALL",
    "LOAD 'auto_explain'",
    "SELECT nextval('s')",
    "SELECT 1; SET ROLE other",
    "SET ROLE other",
    "something else",
]


@pytest.mark.parametrize("sql", HARMLESS)
def test_harmless_statements_leave_no_state(sql):
    assert not may_leave_state(sql)


@pytest.mark.parametrize("sql", SUSPECT)
def test_suspect_statements_may_leave_state(sql):
    assert may_leave_state(sql)
