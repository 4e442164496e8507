"""The lexer splits SQL where PostgreSQL does."""

import random

import psycopg
import pytest

from django_runtimes.databases.postgresql.session.lexer import split_statements

pytestmark = pytest.mark.profile_free

VALUES = [
    "'; SET x'",
    "'it''s'",
    r"'\'",
    r"E'it\'s; '",
    r"e'\\'",
    "$$ ; ' $$",
    "$a$ ; $$ $b$ $a$",
    "$é$;$é$",
    "U&'\\0041;'",
    "B'01'",
    "N';'",
    "1.5e3",
    "(1)",
    "'a'\n';'",
    "/* ; /* ' */ */ 1",
    "-- ;'\n 1",
    "1/**/",
    "- -1",
    '1 AS "; a$$b"',
    "1 AS a$$",
    "'a' LIKE 'a' ESCAPE'\\'",
    "CASE WHEN false THEN 'a;' ELSE'\\' END",
    "E'a'\n'b\\'; '",
    "'a\\' -- ' ;\n  '; E'\n",
    "E'\\\\' -- \\' ;\n -- \n '\\\\;\\''",
    "B'01'\n'1'",
    "1 AS \N{GRINNING FACE}e",
    "(ARRAY[1, 2])[1:2]",
    "0x1F",
]


def test_the_bodies_that_the_server_accepts_are_not_split(logging_server):
    bodies = (
        "BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END; SELECT a; END",
        "RETURN CASE a WHEN 1 THEN 2 END",
        "BEGIN ATOMIC SELECT (CASE a WHEN 1 THEN 2 END) AS end; END",
        "LANGUAGE sql AS 'SELECT 1; SELECT 2'",
    )
    with psycopg.connect(logging_server.url("postgres")) as connection:
        for body in bodies:
            connection.execute(f"CREATE FUNCTION pg_temp.f(a int) RETURNS int {body};".encode())
            connection.rollback()

            assert len(split_statements(f"CREATE FUNCTION pg_temp.f(a int) RETURNS int {body}; SELECT 1")) == 2


@pytest.mark.parametrize("seed", range(20))
def test_it_splits_into_as_many_statements_as_the_server_runs(logging_server, seed):
    chance = random.Random(seed)
    with psycopg.connect(logging_server.url("postgres"), autocommit=True) as connection:
        for _ in range(50):
            statements = [
                "SELECT " + " , ".join(chance.choices(VALUES, k=chance.randint(1, 4)))
                for _ in range(chance.randint(1, 4))
            ]
            sql = chance.choice([";", " ; ", ";;"]).join(statements)
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(sql)
            answered = 1
            while cursor.nextset():
                answered += 1

            assert len(split_statements(sql)) == answered, sql
