"""A statement means the same as on a connection, whatever its text and values contain."""

import random

import psycopg
import pytest
from django.db import NotSupportedError, ProgrammingError
from django.db.migrations import RunSQL
from django.db.migrations.state import ProjectState

VALUES = [
    "plain",
    "it's",
    "\\",
    "\\'",
    "'; SELECT 1; '",
    "$$ OR true --$$",
    "$$; SELECT :a; $$",
    ":name",
    "%s %% %",
    "E'\\''",
    "/* -- \n */",
    '"FOR UPDATE" (DELETE',
    " E'\\\\",
    5,
    -5,
    True,
    None,
]
FRAGMENTS = [
    "%s",
    "%s::text",
    "'a:b'",
    r"'\'",
    r"('a' LIKE 'a' ESCAPE'\')::text",
    r"CASE WHEN false THEN 'b' ELSE'\' END",
    r"E'it\'s :c;'",
    r"e'\\'",
    "E'a'\n'b\\':c;'",
    "'a\\' -- ' ;\n  ';'",
    r"U&'\0041:b'",
    "B'01'\n'1'",
    r"N'\:a;'",
    "$$a:b; '\\ $$",
    "$é$ $$ :d $ $é$",
    "/* ' /* ; */ :e \" */ 'f'",
    "-- ' \" $$ :g ;\n 'h'",
    "(ARRAY['i', 'j'])[1:2]::text",
    "(ARRAY[1, 2])[:1]::text",
    "('100%%' || 5 %% 3)",
    '(SELECT "k:l;\'m" FROM (SELECT 1 AS "k:l;\'m") AS "n")',
    "interval '%s days'",
    "date'2024-01-02'",
    "1.5e1",
]


def rows_of(cursor, sql, values):
    try:
        cursor.execute(sql, values)
        return [tuple(map(str, row)) for row in cursor.fetchall()]
    except (psycopg.ProgrammingError, ProgrammingError):
        return "refused"


@pytest.fixture
def direct(database_server, engine_database):
    with psycopg.connect(
        database_server.url(engine_database), autocommit=True, cursor_factory=psycopg.ClientCursor
    ) as c:
        yield c


@pytest.mark.parametrize("seed", range(4))
def test_random_texts_return_what_they_return_on_a_connection(cursor, direct, seed):
    chance = random.Random(seed)
    compared = 0
    for _ in range(60):
        fragments = chance.choices(FRAGMENTS, k=chance.randint(1, 6))
        sql = f"SELECT {', '.join(fragments)}{chance.choice(['', ';', ' -- :z', ' WHERE true'])}"
        values = [7 if "'%s" in part else chance.choice(VALUES) for part in fragments if "%s" in part]

        expected = rows_of(direct.cursor(), sql, values)
        assert rows_of(cursor, sql, values) == expected, (sql, values)
        compared += expected != "refused"

    assert compared > 50


@pytest.mark.parametrize("value", ["$$ OR true --$$", "' OR true --", "; DELETE FROM notes; --", ":a"])
def test_no_value_changes_a_condition(cursor, table, value):
    cursor.execute("INSERT INTO notes (text) VALUES ('secret')")

    cursor.execute("SELECT text FROM notes WHERE text LIKE %s ESCAPE'\\' AND text = %s", ["%", value])
    assert cursor.fetchall() == []
    cursor.execute("INSERT INTO notes (text) VALUES (CASE WHEN true THEN %s ELSE'\\' END) RETURNING text", [value])
    assert cursor.fetchall() == [(value,)]


def test_a_migration_creates_functions_with_bodies_of_sql(connection, cursor):
    create = """
        CREATE FUNCTION classified(a int) RETURNS int LANGUAGE sql
        BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END; END;
        CREATE FUNCTION doubled(a int) RETURNS int RETURN CASE WHEN a > 0 THEN 2 * a END;
    """
    operation = RunSQL(create, ["DROP FUNCTION classified", "DROP FUNCTION doubled"])
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("notes", editor, ProjectState(), ProjectState())
    try:
        cursor.execute("SELECT classified(1), classified(5), doubled(4)")
        assert cursor.fetchall() == [(2, 3, 8)]
    finally:
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("notes", editor, ProjectState(), ProjectState())


def test_several_actions_of_a_rule_are_one_statement(cursor, table):
    cursor.execute("CREATE RULE r AS ON DELETE TO notes DO ALSO (SELECT 1; SELECT 2)")


@pytest.mark.parametrize("value", ["waiting FOR UPDATE", "(DELETE it"])
def test_a_value_does_not_decide_how_rows_are_read(connection, cursor, value):
    sql = "WITH a AS (SELECT %s AS b) SELECT b, interval '1 day', repeat('x', 60000) FROM a, generate_series(1, 20)"
    cursor.execute(sql, [value])

    assert len(cursor.fetchall()) == 20
    with connection.chunked_cursor() as pages:
        pages.execute(
            "SELECT %s, repeat('x', CASE WHEN i > 100 THEN 60000 END) FROM generate_series(1, 130) i", [value]
        )
        assert len(pages.fetchall()) == 130


def test_iterator_names_its_limit_to_one_statement(connection):
    with (
        connection.chunked_cursor() as cursor,
        pytest.raises(ProgrammingError, match=r"the text has 2 statements, and"),
    ):
        cursor.execute("SELECT 1; SELECT 2")


def test_a_setting_is_refused_by_its_statement_and_not_by_its_values(cursor):
    cursor.execute("SELECT %s::text", ["SET a.b = 1; SELECT pg_advisory_lock(1), set_config('a', 'b', false)"])
    cursor.execute("SELECT set_config('a.b', %s, %s)", ["c", True])

    with pytest.raises(NotSupportedError, match="the setting would not last"):
        cursor.execute("SELECT set_config('a.b', %s, %s)", ["c", False])
